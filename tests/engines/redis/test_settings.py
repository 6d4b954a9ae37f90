"""Each attribute with directives reaches the instance's Redis, by a command or by a restart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis

from rtgmock.model.attributes import known
from rtgmock.text import MB
from tests.support.command import until
from tests.support.instances import only_docker
from tests.support.redis_client import answers, ask, config, connection, run_id
from tests.support.redis_settings import CASES, all_at_once, connect, fill, wrong_after_updates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

DEFAULTS = {
    "appendonly": "no",
    "save": "900 1 300 10 60 10000",
    "maxmemory": str(5 * MB),
    "maxmemory-policy": "noeviction",
    "maxclients": "11",
    "timeout": "150",
    "databases": "1",
    "hash-max-ziplist-value": "512",
    "hash-max-ziplist-entries": "64",
    "activerehashing": "yes",
    "appendfsync": "everysec",
    "masterauth": "",
    "replicaof": "",
}


def test_every_row_of_the_table_has_a_case_or_no_directive() -> None:
    rows = known(2012).values()
    assert set(CASES) == {row.name for row in rows if row.redis}
    restarting = {row.name for row in rows if any(directive.restart for directive in row.redis)}
    assert {name for name, case in CASES.items() if case.restarts} == restarting


def test_the_cases_are_not_what_an_instance_has_anyway() -> None:
    for name, case in CASES.items():
        assert any(DEFAULTS.get(directive) != value for directive, value in case.expected.items()), name


def test_a_new_instance_is_configured_by_its_defaults(emulators: RedisEmulators) -> None:
    api = emulators.start()
    nano, mini = api.create(), api.create(plan="mini")

    assert config(nano["url"], *DEFAULTS) == DEFAULTS
    assert config(mini["url"], "appendonly", "save", "maxmemory", "maxclients") == {
        "appendonly": "yes",
        "save": "",
        "maxmemory": str(20 * MB),
        "maxclients": "51",
    }


def test_every_setting_goes_live_and_only_some_by_a_restart(emulators: RedisEmulators) -> None:
    api = emulators.start(api=2012)
    url = api.create()["url"]
    ask(url, "SET", "key", "value")

    assert wrong_after_updates(api, 2012) == {}

    url = api.put("/instances/1.json", json={"slave": False}).json()["url"]
    assert ask(url, "GET", "key") == "value"


def test_a_create_may_set_everything_that_an_update_may(emulators: RedisEmulators) -> None:
    case = all_at_once(2012)

    made = emulators.start(api=2012).create(**case.sent)

    assert config(made["url"], *case.expected) == case.expected


def test_what_was_changed_live_is_there_after_a_restart_as_well(emulators: RedisEmulators) -> None:
    api = emulators.start(state=emulators.state, api=2012)
    expected: dict[str, str] = {}
    api.create()
    for name, case in CASES.items():
        if "slave" not in case.sent:
            assert api.put("/instances/1.json", json=case.sent).status_code == 200, name
            expected |= case.expected
    expected["maxmemory"] = str(100 * MB)
    api.close()

    url = emulators.start(state=emulators.state, api=2012).get("/instances/1.json").json()["url"]

    assert config(url, *expected) == expected


@only_docker
def test_a_container_that_docker_restarts_has_what_was_changed_live(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    changed = api.put("/instances/1.json", json={"timeout": 31, "password": "another"}).json()
    assert api.put("/instances/1.json", json={"plan": "mini"}).status_code == 200

    emulators.container(made["id"]).restart(timeout=5)

    assert until(lambda: answers(changed["url"]))
    assert config(changed["url"], "timeout", "maxmemory") == {"timeout": "31", "maxmemory": str(20 * MB)}
    assert not answers(made["url"])


@only_docker
def test_a_containers_memory_is_limited_to_fit_the_plan(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()

    limits = [emulators.container(made["id"]).attrs["HostConfig"]["Memory"]]
    api.put("/instances/1.json", json={"plan": "small"})
    limits.append(emulators.container(made["id"]).attrs["HostConfig"]["Memory"])

    assert 5 * MB < limits[0] < 100 * MB
    assert 100 * MB < limits[1] < 400 * MB


@pytest.mark.parametrize("persistence", ["aof", "snapshot", "none"])
def test_the_data_stays_when_databases_changes(emulators: RedisEmulators, persistence: str) -> None:
    api = emulators.start()
    made = api.create(persistence=persistence)
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    assert api.put("/instances/1.json", json={"databases": 4}).status_code == 200

    assert run_id(made["url"]) != before
    assert ask(made["url"] + "3", "PING")
    assert ask(made["url"], "GET", "key") == "value"


@pytest.mark.parametrize(("old", "new"), [("snapshot", "aof"), ("aof", "snapshot"), ("none", "aof"), ("aof", "none")])
def test_the_data_stays_when_databases_and_persistence_change_at_once(
    emulators: RedisEmulators, old: str, new: str
) -> None:
    api = emulators.start()
    made = api.create(persistence=old)
    ask(made["url"], "SET", "key", "value")

    assert api.put("/instances/1.json", json={"databases": 4, "persistence": new}).status_code == 200

    assert ask(made["url"], "GET", "key") == "value"


def test_writes_are_refused_at_the_memory_limit_and_taken_after_an_upgrade(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]

    assert 20 < fill(url, 200) < 60
    assert api.put("/instances/1.json", json={"plan": "mini"}).status_code == 200
    assert 100 < fill(url, 300) < 250
    assert ask(url, "STRLEN", "chunk0") == 100_000


def test_a_downgrade_below_what_the_redis_holds_is_refused_and_changes_nothing(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create(plan="mini")["url"]
    with connection(url) as client:
        for number in range(80):
            client.set(f"chunk{number}", "x" * 100_000)
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={"plan": "nano"})

    assert answer.status_code == 422
    (message,) = answer.json()["errors"]
    assert message.startswith("Plan can't be changed to nano: the instance holds ")
    assert message.endswith(" MB, and the plan has 5 MB")
    assert api.get("/instances/1.json").json() == before
    assert config(url, "maxmemory", "maxclients") == {"maxmemory": str(20 * MB), "maxclients": "51"}
    with connection(url) as client:
        client.delete(*(f"chunk{number}" for number in range(60)))
    assert api.put("/instances/1.json", json={"plan": "nano"}).status_code == 200
    assert config(url, "maxmemory", "maxclients") == {"maxmemory": str(5 * MB), "maxclients": "11"}


def test_as_many_clients_connect_as_the_plan_has_and_more_after_an_upgrade(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]
    clients: list[redis.Redis] = []
    try:
        assert connect(url, clients, 12) == (10, "max number of clients reached")
        assert api.get("/instances/1.json").json()["status"] == "running"
        assert api.put("/instances/1.json", json={"plan": "mini"}).status_code == 200
        assert connect(url, clients, 52) == (50, "max number of clients reached")
        assert all(client.ping() for client in clients)
        assert api.get("/instances/1.json").json()["status"] == "running"
    finally:
        for client in clients:
            client.close()


def test_no_acknowledged_write_is_lost_and_no_connection_dropped_by_changes_under_load(
    emulators: RedisEmulators,
) -> None:
    api = emulators.start()
    url = api.create()["url"]
    done = threading.Event()
    acknowledged: list[int] = []
    faults: list[Exception] = []

    def count() -> Iterator[int]:
        with connection(url) as client:
            first = client.client_id()
            while not done.is_set():
                yield int(client.incr("counter"))
            assert client.client_id() == first

    def load() -> None:
        try:
            acknowledged.extend(count())
        except Exception as error:  # noqa: BLE001 - the other thread shows it
            faults.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    changes = [{"plan": plan} for plan in ("mini", "small", "nano") * 3]
    settings: list[dict[str, Any]] = [{"persistence": "aof"}, {"password": "another"}, {"timeout": 0}]
    codes = [api.put("/instances/1.json", json=change).status_code for change in [*changes, *settings]]
    done.set()
    thread.join(10)

    assert faults == []
    assert set(codes) == {200}
    assert len(acknowledged) > 10
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    now = api.get("/instances/1.json").json()["url"]
    assert int(ask(now, "GET", "counter")) == len(acknowledged)


def test_a_replica_follows_its_master_until_it_is_none_any_more(emulators: RedisEmulators) -> None:
    api = emulators.start()
    master, replica = api.create(password='the "master"'), api.create()
    following = {
        "slave": True,
        "master_host": "127.0.0.1",
        "master_port": master["port"],
        "master_password": master["password"],
    }

    assert api.put("/instances/2.json", json=following).status_code == 200

    ask(master["url"], "SET", "key", "value")
    assert until(lambda: ask(replica["url"], "GET", "key") == "value")
    with pytest.raises(redis.ReadOnlyError):
        ask(replica["url"], "SET", "key", "other")
    assert api.get("/instances/2.json").json()["status"] == "running"
    assert api.put("/instances/2.json", json={"slave": False}).status_code == 200
    assert ask(replica["url"], "SET", "key", "other")
    assert ask(master["url"], "GET", "key") == "value"


def test_last_backup_at_is_when_the_redis_last_saved(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]
    assert api.get("/instances/1.json").json()["last_backup_at"] is None

    ask(url, "SAVE")

    assert until(lambda: api.get("/instances/1.json").json()["last_backup_at"])
    saved = api.get("/instances/1.json").json()["last_backup_at"]
    assert api.get("/instances.json").json()[0]["instance"]["last_backup_at"] == saved
