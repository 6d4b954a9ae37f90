"""``--api 2012``: the attributes of the recorded response, their settings, and what they are in redis.conf."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import fromstring

import pytest
import redis

from rtgmock.engines.redis import config_file
from rtgmock.engines.runner import Place
from rtgmock.model.attributes import APIS, ATTRIBUTES, DOCUMENTED, RECORDED, Role, changeable, known
from rtgmock.model.payloads import Payload, layout
from tests.support.values import record
from tests.web.test_api_update import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve, Served

# For every setting that 2012 has more a value that isn't its default, and one that is refused with which message.
NEW: dict[str, tuple[Any, Any, str]] = {
    "auto_aof_rewrite_min_size": (1048576, -1, "Auto aof rewrite min size must be greater than or equal to 0"),
    "auto_aof_rewrite_percentage": (0, 2**31, "Auto aof rewrite percentage must be less than or equal to 2147483647"),
    "list_max_ziplist_entries": (128, 1.5, "List max ziplist entries must be an integer"),
    "list_max_ziplist_value": (1024, "many", "List max ziplist value is not a number"),
    "log_level": ("debug", "loud", "Log level is not included in the list"),
    "maxmemory_policy": ("allkeys-lru", "lru", "Maxmemory policy is not included in the list"),
    "maxmemory_samples": (64, 65, "Maxmemory samples must be less than or equal to 64"),
    "no_appendfsync_on_rewrite": ("yes", True, "No appendfsync on rewrite is not included in the list"),
    "set_max_intset_entries": (1024, None, "Set max intset entries can't be blank"),
    "slave_serve_stale_data": (False, "perhaps", "Slave serve stale data is not included in the list"),
    "slowlog_enabled": (True, "often", "Slowlog enabled is not included in the list"),
    "slowlog_log_slower_than": (0, -1, "Slowlog log slower than must be greater than or equal to 0"),
    "slowlog_max_len": (1024, "", "Slowlog max len is not a number"),
    "zset_max_ziplist_entries": (256, 2**63, "Zset max ziplist entries must be less than or equal to"),
    "zset_max_ziplist_value": (128, [1], "Zset max ziplist value is not a number"),
}
FIXED = [attribute.name for attribute in ATTRIBUTES if attribute.role in {Role.READ_ONLY, Role.DERIVED}]
ONLY_2012 = [attribute.name for attribute in ATTRIBUTES if attribute.since == RECORDED]
NAMES = [attribute.name for attribute in layout(Payload.SHOW_JSON, RECORDED)]
MASTER = {"master_host": "10.0.0.1", "master_port": "6379"}
PLACE = Place(9001, "127.0.0.1", "/data")

# What redis.conf says of a new instance on the free plan in 2012 and not in 2010.
DIRECTIVES = {
    "auto-aof-rewrite-min-size": "67108864",
    "auto-aof-rewrite-percentage": "100",
    "list-max-ziplist-size": "512",
    "loglevel": "notice",
    "maxmemory-policy": "volatile-lru",
    "maxmemory-samples": "3",
    "no-appendfsync-on-rewrite": "no",
    "replica-serve-stale-data": "yes",
    "set-max-intset-entries": "512",
    "slowlog-log-slower-than": "-1",
    "slowlog-max-len": "102",
    "zset-max-ziplist-entries": "128",
    "zset-max-ziplist-value": "64",
}
CHANGED = {
    "auto-aof-rewrite-min-size": "1048576",
    "auto-aof-rewrite-percentage": "0",
    "list-max-ziplist-size": "128",
    "loglevel": "debug",
    "maxmemory-policy": "allkeys-lru",
    "maxmemory-samples": "64",
    "no-appendfsync-on-rewrite": "yes",
    "replica-serve-stale-data": "no",
    "set-max-intset-entries": "1024",
    "slowlog-log-slower-than": "0",
    "slowlog-max-len": "1024",
    "zset-max-ziplist-entries": "256",
    "zset-max-ziplist-value": "128",
}


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(api=RECORDED)


def test_the_cases_cover_every_setting_that_2012_has_more() -> None:
    assert set(NEW) == {a.name for a in changeable(RECORDED)} - {a.name for a in changeable(DOCUMENTED)}


def test_every_payload_shows_the_same_attributes_in_the_recorded_order(api: Served) -> None:
    created = api.create()
    shown = api.get("/instances/1.json").json()
    [listed] = api.get("/instances.json").json()
    [element] = fromstring(api.get("/instances.xml").content)

    assert list(created) == list(shown) == list(listed["instance"]) == NAMES
    assert listed == {"instance": shown}
    in_xml = [child.tag.replace("-", "_") for child in fromstring(api.get("/instances/1.xml").content)]
    assert in_xml == [child.tag.replace("-", "_") for child in element] == NAMES


def test_a_new_instance_has_what_the_recorded_one_had(api: Served) -> None:
    made = api.create()

    assert made["version"] == "2.4.11"
    assert made["config_command"] != made["password"]
    assert len(made["config_command"]) == 32
    assert {name: made[name] for name in ONLY_2012 if name != "config_command"} == {
        "auto_aof_rewrite_min_size": 67108864,
        "auto_aof_rewrite_percentage": 100,
        "gc_serial_number": None,
        "heroku_hash": None,
        "info_cache": None,
        "info_cached_on": None,
        "list_max_ziplist_entries": 512,
        "list_max_ziplist_value": 64,
        "log_level": "notice",
        "maxmemory_policy": "volatile-lru",
        "maxmemory_samples": 3,
        "no_appendfsync_on_rewrite": "no",
        "set_max_intset_entries": 512,
        "slave_serve_stale_data": True,
        "slowlog_enabled": False,
        "slowlog_log_slower_than": 50000,
        "slowlog_max_len": 102,
        "trial_expires_at": None,
        "zset_max_ziplist_entries": 128,
        "zset_max_ziplist_value": 64,
    }


def test_a_create_takes_its_settings(api: Served) -> None:
    values = {name: value for name, (value, _, _) in NEW.items()}

    assert values.items() <= api.create(**values).items()


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize("name", [*SETTINGS, *NEW])
def test_a_setting_changes_and_nothing_else(api: Served, name: str, extension: str) -> None:
    before = api.create(**(MASTER if name == "slave" else {}))
    api.clock.advance(60)
    value = (SETTINGS | NEW)[name][0]

    answer = api.put(f"/instances/1.{extension}", json={name: value})

    assert answer.status_code == 200, answer.text
    expected = {**before, "status": "running", name: value, "updated_at": "2010-12-20T00:36:22Z"}
    if name == "password":
        expected["url"] = before["url"].replace(before["password"], "open%20sesame")
    assert api.get("/instances/1.json").json() == expected


@pytest.mark.parametrize("name", NEW)
def test_one_refused_value_and_nothing_of_the_request_is_applied(api: Served, name: str) -> None:
    api.create()
    before = api.get("/instances/1.json").json()
    _, refused, message = NEW[name]

    answer = api.put("/instances/1.json", json={"timeout": 7, name: refused})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 1
    assert answer.json()["errors"][0].startswith(message)
    assert api.get("/instances/1.json").json() == before


@pytest.mark.parametrize("name", FIXED)
def test_a_read_only_attribute_is_ignored_and_reported_when_it_differs(api: Served, name: str) -> None:
    api.create()
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={name: "elsewhere", "label": before["label"]})

    assert answer.status_code == 200
    assert answer.json() == before
    assert answer.headers["X-Rtgmock-Ignored"] == name


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_a_save_of_everything_changes_nothing(api: Served, extension: str) -> None:
    api.create()
    before = api.get(f"/instances/1.{extension}")
    headers = {"Content-Type": before.headers["Content-Type"]}

    answer = api.put(f"/instances/1.{extension}", data=before.content, headers=headers)

    assert answer.status_code == 200
    assert answer.content == before.content
    assert "X-Rtgmock-Ignored" not in answer.headers


def test_an_upgrade_leaves_the_settings(api: Served) -> None:
    api.create(maxmemory_policy="allkeys-lru")
    before = api.get("/instances/1.json").json()
    after = api.put("/instances/1.json", data={"plan": "small"}).json()

    assert {name for name in NAMES if after[name] != before[name]} == {"plan", "memory", "connections", "vm_max_memory"}


@pytest.mark.parametrize("name", ONLY_2012)
def test_in_2010_it_is_unknown(serve: Serve, name: str) -> None:
    api = serve()
    api.create()

    assert name not in api.get("/instances/1.json").json()
    assert name not in api.get("/instances.json").json()[0]["instance"]
    answer = api.put("/instances/1.json", json={name: 1})
    assert answer.status_code == 422
    accepted = answer.json()["errors"][0].removeprefix(f"No attribute to update: got {name}; accepted are ")
    assert accepted.split(", ") == [attribute.name for attribute in changeable(DOCUMENTED)]
    assert api.put("/instances/1.json", json={name: 1, "timeout": 3}).headers["X-Rtgmock-Ignored"] == name


def test_in_2012_a_refusal_names_all_that_is_accepted(api: Served) -> None:
    api.create()
    answer = api.put("/instances/1.json", json={"loglevel": "debug"})

    assert answer.status_code == 422
    accepted = answer.json()["errors"][0].removeprefix("No attribute to update: got loglevel; accepted are ")
    assert accepted.split(", ") == [attribute.name for attribute in changeable(RECORDED)]
    assert answer.headers["X-Rtgmock-Hint"] == "loglevel is not an attribute; did you mean log_level?"


def test_a_config_command_stays_out_of_the_log(api: Served) -> None:
    api.create()
    api.put("/instances/1.json?timeout=3&config_command=hunter2")

    assert "hunter2" not in str(api.log)


@pytest.mark.parametrize(("first", "second"), [APIS, APIS[::-1]])
def test_one_state_serves_both_versions(serve: Serve, tmp_path: Path, first: int, second: int) -> None:
    file = tmp_path / "state.json"
    earlier = serve(state=file, api=first)
    earlier.create()
    before = earlier.get("/instances/1.json").json()
    earlier.emulator.stop()

    later = serve(state=file, api=second)
    after = later.get("/instances/1.json").json()
    common = known(DOCUMENTED)
    assert set(after) == set(known(second))
    assert {name: after[name] for name in common if name != "url"} == {
        name: before[name] for name in common if name != "url"
    }
    assert later.put("/instances/1.json", json={"timeout": 7}).status_code == 200
    assert later.create()["version"] == {DOCUMENTED: "v2.0.4-stable", RECORDED: "2.4.11"}[second]


def test_a_setting_of_2012_is_kept_while_2010_is_served(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for version, body in ((RECORDED, {"log_level": "debug"}), (DOCUMENTED, {"timeout": 7})):
        api = serve(state=file, api=version)
        if version == RECORDED:
            api.create()
        assert api.put("/instances/1.json", json=body).status_code == 200
        api.emulator.stop()

    shown = serve(state=file, api=RECORDED).get("/instances/1.json").json()
    assert (shown["log_level"], shown["timeout"]) == ("debug", 7)


def written(values: dict[str, Any], version: int) -> dict[str, str]:
    """The directives of a redis.conf, each of which is written once but for the save points."""
    lines = config_file.build_config(record(**values), "me", PLACE, version).splitlines()
    pairs = [(line.partition(" ")[0], line.partition(" ")[2].strip('"')) for line in lines if line[:5] != "user "]
    points = " ".join(value for name, value in pairs if name == "save")
    once = [pair for pair in pairs if pair[0] != "save"]
    assert len(dict(once)) == len(once)
    return dict(once) | {"save": points}


def test_redis_conf_says_more_in_2012() -> None:
    documented, recorded = written({}, DOCUMENTED), written({}, RECORDED)

    assert documented["maxmemory-policy"] == "noeviction"
    assert {name for name in recorded if name not in documented} == set(DIRECTIVES) - {"maxmemory-policy"}
    assert recorded == documented | DIRECTIVES


def test_redis_conf_has_the_settings_in_2012_and_not_in_2010() -> None:
    values = {name: value for name, (value, _, _) in NEW.items()}

    assert written(values, DOCUMENTED) == written({}, DOCUMENTED)
    assert written(values, RECORDED) == written({}, DOCUMENTED) | CHANGED


@pytest.mark.parametrize(
    ("enabled", "microseconds", "directive"), [(False, 50000, "-1"), (True, 50000, "50000"), (True, 0, "0")]
)
def test_a_slow_log_that_is_not_enabled_logs_nothing(enabled: bool, microseconds: int, directive: str) -> None:
    values = {"slowlog_enabled": enabled, "slowlog_log_slower_than": microseconds}

    assert written(values, RECORDED)["slowlog-log-slower-than"] == directive


def test_only_what_differs_is_changed_live() -> None:
    after = record(slowlog_enabled=True, log_level="debug", list_max_ziplist_value=1)

    changes = config_file.changes(record(), after, RECORDED)
    assert {name: value for name, (_, value) in changes.items()} == {
        "slowlog-log-slower-than": "50000",
        "loglevel": "debug",
    }
    assert config_file.changes(record(), after, DOCUMENTED) == {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def live(port: int, password: str) -> dict[str, str]:
    """What a Redis says of the directives that 2012 has more."""
    with redis.Redis(port=port, password=password, decode_responses=True) as connection:
        return {name: connection.config_get(name)[name] for name in DIRECTIVES}


def test_a_live_redis_does_what_the_attributes_say(serve: Serve, program: Callable[[str, str], str]) -> None:
    program("redis", "redis-server")
    port = free_port()
    api = serve(api=RECORDED, redis="process", ports=range(port, port + 1))
    made = api.create()
    assert live(port, made["password"]) == DIRECTIVES

    for name, (value, _, _) in NEW.items():
        answer = api.put("/instances/1.json", json={name: value})
        assert answer.status_code == 200, answer.text
    assert live(port, made["password"]) == CHANGED


@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_a_live_redis_takes_every_bound_and_word(serve: Serve, program: Callable[[str, str], str], end: str) -> None:
    program("redis", "redis-server")
    port = free_port()
    api = serve(api=RECORDED, redis="process", ports=range(port, port + 1))
    api.create()

    for attribute in changeable(RECORDED):
        if attribute.since == RECORDED:
            for value in _extremes(attribute.value_type, end):
                answer = api.put("/instances/1.json", json={attribute.name: value})
                assert answer.status_code == 200, answer.text
    # Other databases need a restart, for which all of it is read from redis.conf.
    assert api.put("/instances/1.json", json={"databases": 2}).status_code == 200


def _extremes(kind: object, end: str) -> list[Any]:
    if words := getattr(kind, "words", None):
        return list(words)
    bound = getattr(kind, "minimum" if end == "lowest" else "maximum", end == "highest")
    return [bound]


def test_in_2010_a_live_redis_rejects_writes_when_it_is_full(serve: Serve, program: Callable[[str, str], str]) -> None:
    program("redis", "redis-server")
    port = free_port()
    made = serve(redis="process", ports=range(port, port + 1)).create()

    with redis.Redis(port=port, password=made["password"], decode_responses=True) as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
