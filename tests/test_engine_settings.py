"""What an instance's attributes are in its Redis: every row that has directives, live or by a restart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import redis

from rtgmock.attributes import known
from rtgmock.text import MB
from tests.support.command import until
from tests.support.redis_ground import answers, ask, config, connection, run_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_ground import Ground

pytest_plugins = ["tests.support.redis_fixtures"]


class Case(NamedTuple):
    sent: dict[str, Any]
    expected: dict[str, str]
    restarts: bool = False


_MASTER = {"master_host": "10.255.255.1", "master_port": "6399", "slave": True}

# What to send so that a row has another value than by default, and what its Redis then says.
CASES = {
    "persistence": Case({"persistence": "aof"}, {"appendonly": "yes", "save": ""}),
    "master_password": Case({"master_password": 'sesame "x"'}, {"masterauth": 'sesame "x"'}),
    "memory": Case({"plan": "mini"}, {"maxmemory": str(20 * MB)}),
    "connections": Case({"plan": "small"}, {"maxclients": "257"}),
    "timeout": Case({"timeout": 31}, {"timeout": "31"}),
    "databases": Case({"databases": 16}, {"databases": "16"}, restarts=True),
    "hash_max_zipmap_value": Case({"hash_max_zipmap_value": 1024}, {"hash-max-ziplist-value": "1024"}),
    "hash_max_zipmap_entries": Case(
        {"hash_max_zipmap_entries": 2**63 - 1}, {"hash-max-ziplist-entries": str(2**63 - 1)}
    ),
    "snapshots": Case(
        {"snapshots": ["60 1", "5 2"], "persistence": "snapshot"}, {"save": "60 1 5 2", "appendonly": "no"}
    ),
    "activerehashing": Case({"activerehashing": False}, {"activerehashing": "no"}),
    "appendfsync": Case({"appendfsync": "always"}, {"appendfsync": "always"}),
    "password": Case({"password": "open sesame"}, {"requirepass": "open sesame"}),
    "auto_aof_rewrite_min_size": Case({"auto_aof_rewrite_min_size": 1048576}, {"auto-aof-rewrite-min-size": "1048576"}),
    "auto_aof_rewrite_percentage": Case({"auto_aof_rewrite_percentage": 50}, {"auto-aof-rewrite-percentage": "50"}),
    "list_max_ziplist_entries": Case({"list_max_ziplist_entries": 100}, {"list-max-ziplist-size": "100"}),
    "log_level": Case({"log_level": "verbose"}, {"loglevel": "verbose"}),
    "maxmemory_policy": Case({"maxmemory_policy": "allkeys-lru"}, {"maxmemory-policy": "allkeys-lru"}),
    "maxmemory_samples": Case({"maxmemory_samples": 7}, {"maxmemory-samples": "7"}),
    "no_appendfsync_on_rewrite": Case({"no_appendfsync_on_rewrite": "yes"}, {"no-appendfsync-on-rewrite": "yes"}),
    "set_max_intset_entries": Case({"set_max_intset_entries": 300}, {"set-max-intset-entries": "300"}),
    "slave_serve_stale_data": Case({"slave_serve_stale_data": False}, {"replica-serve-stale-data": "no"}),
    "slowlog_max_len": Case({"slowlog_max_len": 5}, {"slowlog-max-len": "5"}),
    "zset_max_ziplist_entries": Case({"zset_max_ziplist_entries": 99}, {"zset-max-ziplist-entries": "99"}),
    "zset_max_ziplist_value": Case({"zset_max_ziplist_value": 99}, {"zset-max-ziplist-value": "99"}),
    "slowlog_enabled": Case({"slowlog_enabled": True}, {"slowlog-log-slower-than": "50000"}),
    "slowlog_log_slower_than": Case(
        {"slowlog_enabled": True, "slowlog_log_slower_than": 7}, {"slowlog-log-slower-than": "7"}
    ),
    "slave": Case(_MASTER, {"replicaof": "10.255.255.1 6399"}),
    "master_host": Case({**_MASTER, "master_host": "10.255.255.2"}, {"replicaof": "10.255.255.2 6399"}),
    "master_port": Case(
        {**_MASTER, "master_host": "10.255.255.2", "master_port": "6400"}, {"replicaof": "10.255.255.2 6400"}
    ),
}
WITHOUT = {
    "label", "last_bgrewriteaof_at", "plan", "vm_size", "created_at", "vm_page_size", "port", "server_id", "updated_at",
    "memory_limit_notification", "id", "user_id", "version", "vm_max_memory", "vm_enabled", "last_backup_at", "status",
    "vm_max_threads", "url", "hostname", "config_command", "gc_serial_number", "heroku_hash", "info_cache",
    "info_cached_on", "list_max_ziplist_value", "trial_expires_at",
}  # fmt: skip
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
    assert set(WITHOUT) == {row.name for row in rows if not row.redis}
    restarting = {row.name for row in rows if any(directive.restart for directive in row.redis)}
    assert {name for name, case in CASES.items() if case.restarts} == restarting


def test_the_cases_are_not_what_an_instance_has_anyway() -> None:
    for name, case in CASES.items():
        assert any(DEFAULTS.get(directive) != value for directive, value in case.expected.items()), name


def test_a_new_instance_is_configured_by_its_defaults(ground: Ground) -> None:
    api = ground.start()
    nano, mini = api.create(), api.create(plan="mini")

    assert config(nano["url"], *DEFAULTS) == DEFAULTS
    assert config(mini["url"], "appendonly", "save", "maxmemory", "maxclients") == {
        "appendonly": "yes",
        "save": "",
        "maxmemory": str(20 * MB),
        "maxclients": "51",
    }


def test_every_setting_goes_live_and_only_some_by_a_restart(ground: Ground) -> None:
    api = ground.start(api=2012)
    url = api.create()["url"]
    ask(url, "SET", "key", "value")
    wrong: dict[str, Any] = {}

    for name, case in CASES.items():
        before = run_id(url)
        answer = api.put("/instances/1.json", json=case.sent)
        if answer.status_code != 200:
            wrong[name] = answer.text
            continue
        url = answer.json()["url"]
        found = config(url, *case.expected)
        if found != case.expected:
            wrong[name] = found
        if (run_id(url) != before) != case.restarts:
            wrong[f"{name}, run_id"] = "another" if not case.restarts else "the same"

    assert wrong == {}
    assert api.put("/instances/1.json", json={"slave": False}).status_code == 200
    assert ask(url, "GET", "key") == "value"


def test_a_create_may_set_everything_that_an_update_may(ground: Ground) -> None:
    sent: dict[str, Any] = {}
    expected: dict[str, str] = {}
    for name, case in CASES.items():
        if name not in {"memory", "snapshots"}:
            sent |= case.sent
            expected |= case.expected

    made = ground.start(api=2012).create(**sent)

    assert config(made["url"], *expected) == expected


def test_what_was_changed_live_is_there_after_a_restart_as_well(ground: Ground) -> None:
    api = ground.start(state=ground.state, api=2012)
    expected: dict[str, str] = {}
    api.create()
    for name, case in CASES.items():
        if "slave" not in case.sent:
            assert api.put("/instances/1.json", json=case.sent).status_code == 200, name
            expected |= case.expected
    expected["maxmemory"] = str(100 * MB)
    api.close()

    url = ground.start(state=ground.state, api=2012).get("/instances/1.json").json()["url"]

    assert config(url, *expected) == expected


@pytest.mark.parametrize("engine_name", ["docker"], indirect=True)
def test_a_container_that_docker_restarts_has_what_was_changed_live(ground: Ground) -> None:
    api = ground.start()
    made = api.create()
    changed = api.put("/instances/1.json", json={"timeout": 31, "password": "another"}).json()
    assert api.put("/instances/1.json", json={"plan": "mini"}).status_code == 200

    ground.container(made["id"]).restart(timeout=5)

    assert until(lambda: answers(changed["url"]))
    assert config(changed["url"], "timeout", "maxmemory") == {"timeout": "31", "maxmemory": str(20 * MB)}
    assert not answers(made["url"])


@pytest.mark.parametrize("engine_name", ["docker"], indirect=True)
def test_a_containers_memory_is_limited_to_fit_the_plan(ground: Ground) -> None:
    api = ground.start()
    made = api.create()

    limits = [ground.container(made["id"]).attrs["HostConfig"]["Memory"]]
    api.put("/instances/1.json", json={"plan": "small"})
    limits.append(ground.container(made["id"]).attrs["HostConfig"]["Memory"])

    assert 5 * MB < limits[0] < 100 * MB
    assert 100 * MB < limits[1] < 400 * MB


@pytest.mark.parametrize("persistence", ["aof", "snapshot", "none"])
def test_the_data_stays_when_databases_changes(ground: Ground, persistence: str) -> None:
    api = ground.start()
    made = api.create(persistence=persistence)
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    assert api.put("/instances/1.json", json={"databases": 4}).status_code == 200

    assert run_id(made["url"]) != before
    assert ask(made["url"] + "3", "PING")
    assert ask(made["url"], "GET", "key") == "value"


@pytest.mark.parametrize(("old", "new"), [("snapshot", "aof"), ("aof", "snapshot"), ("none", "aof"), ("aof", "none")])
def test_the_data_stays_when_databases_and_persistence_change_at_once(ground: Ground, old: str, new: str) -> None:
    api = ground.start()
    made = api.create(persistence=old)
    ask(made["url"], "SET", "key", "value")

    assert api.put("/instances/1.json", json={"databases": 4, "persistence": new}).status_code == 200

    assert ask(made["url"], "GET", "key") == "value"


def test_writes_are_refused_at_the_memory_limit_and_taken_after_an_upgrade(ground: Ground) -> None:
    api = ground.start()
    url = api.create()["url"]

    assert 20 < _fill(url, 200) < 60
    assert api.put("/instances/1.json", json={"plan": "mini"}).status_code == 200
    assert 100 < _fill(url, 300) < 250
    assert ask(url, "STRLEN", "chunk0") == 100_000


def _fill(url: str, most: int) -> int:
    """How many chunks of 100 KB are taken before the memory is full."""
    start = int(ask(url, "DBSIZE"))
    with connection(url) as client:
        for number in range(start, start + most):
            try:
                client.set(f"chunk{number}", "x" * 100_000)
            except redis.OutOfMemoryError:  # OOM command not allowed when used memory > 'maxmemory'
                return number - start
    return most


def test_a_downgrade_below_what_the_redis_holds_is_refused_and_changes_nothing(ground: Ground) -> None:
    api = ground.start()
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


def test_as_many_clients_connect_as_the_plan_has_and_more_after_an_upgrade(ground: Ground) -> None:
    api = ground.start()
    url = api.create()["url"]
    clients: list[redis.Redis] = []
    try:
        assert _connect(url, clients, 12) == (10, "max number of clients reached")
        assert api.get("/instances/1.json").json()["status"] == "running"
        assert api.put("/instances/1.json", json={"plan": "mini"}).status_code == 200
        assert _connect(url, clients, 52) == (50, "max number of clients reached")
        assert all(client.ping() for client in clients)
        assert api.get("/instances/1.json").json()["status"] == "running"
    finally:
        for client in clients:
            client.close()


def _connect(url: str, clients: list[redis.Redis], most: int) -> tuple[int, str]:
    """Let clients connect and stay until one is refused, or there are ``most``: how many there are, and why no more."""
    while len(clients) < most:
        try:
            clients.append(connection(url))
        except redis.ConnectionError as error:
            return len(clients), str(error)
    return len(clients), "nobody was refused"


def test_no_acknowledged_write_is_lost_and_no_connection_dropped_by_changes_under_load(ground: Ground) -> None:
    api = ground.start()
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


def test_a_replica_follows_its_master_until_it_is_none_any_more(ground: Ground) -> None:
    api = ground.start()
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


def test_last_backup_at_is_when_the_redis_last_saved(ground: Ground) -> None:
    api = ground.start()
    url = api.create()["url"]
    assert api.get("/instances/1.json").json()["last_backup_at"] is None

    ask(url, "SAVE")

    saved = api.get("/instances/1.json").json()["last_backup_at"]
    assert saved is not None
    assert api.get("/instances.json").json()[0]["instance"]["last_backup_at"] == saved
