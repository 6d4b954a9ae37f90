"""What is seen of the Redis servers, how soon, and what becomes of one that its instance's URL no longer opens."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis

from rtgmock.engines.redis import monitor
from rtgmock.service.supervisor import Supervisor
from tests.support.command import until
from tests.support.instances import only_process, status
from tests.support.ports import free_ports
from tests.support.redis_client import answers, ask, config, connection, run_id

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

TAKEOVERS: dict[str, list[tuple[str | int, ...]]] = {
    "requirepass": [("CONFIG", "SET", "requirepass", "mine")],
    "no password": [("CONFIG", "SET", "requirepass", "")],
    "the default user": [("ACL", "SETUSER", "default", "resetpass", ">mine")],
    "the account's user": [("ACL", "SETUSER", "username", "off")],
    "no user": [("ACL", "DELUSER", "username")],
    "port": [("CONFIG", "SET", "port", "{port}")],
}
"""What a client can do to a Redis so that its instance's URL no longer opens it."""


@pytest.mark.parametrize("persistence", ["aof", "snapshot", "none"])
@pytest.mark.parametrize("takeover", TAKEOVERS)
def test_a_redis_that_its_url_no_longer_opens_is_failed_and_brought_back_with_its_data(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch, takeover: str, persistence: str
) -> None:
    api = emulators.start()
    made = api.create(persistence=persistence)
    ask(made["url"], "SET", "key", "value")
    before, seen = run_id(made["url"]), threading.Event()
    see_to = Supervisor.see_to

    def see_to_later(supervisor: Supervisor, instance_id: int) -> None:
        assert seen.wait(20)
        see_to(supervisor, instance_id)

    monkeypatch.setattr(Supervisor, "see_to", see_to_later)

    port = free_ports(1)[0] if emulators.engine == "process" else 6380
    with connection(made["url"]) as client:
        for command in TAKEOVERS[takeover]:
            client.execute_command(*(str(word).format(port=port) for word in command))
    assert until(lambda: status(api) == "failed")
    seen.set()

    assert until(lambda: status(api) == "running" and answers(made["url"]))
    assert ask(made["url"], "GET", "key") == "value"
    assert run_id(made["url"]) != before
    assert emulators.running() == 1


@pytest.mark.parametrize("setting", [("bind", "127.0.0.2"), ("maxmemory", "0"), ("maxmemory", "1gb")], ids=str)
def test_a_redis_that_is_let_out_of_its_limits_is_brought_back_into_them(
    emulators: RedisEmulators, setting: tuple[str, str]
) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    before, kept = run_id(made["url"]), config(made["url"], "bind", "maxmemory")

    ask(made["url"], "CONFIG", "SET", *setting)

    def is_restarted() -> bool:
        with contextlib.suppress(redis.RedisError):
            return run_id(made["url"]) != before
        return False

    assert until(is_restarted)
    assert config(made["url"], "bind", "maxmemory") == kept
    assert until(lambda: status(api) == "running")
    assert ask(made["url"], "GET", "key") == "value"


def test_a_password_that_the_api_changes_is_no_takeover(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    before = run_id(made["url"])

    for number in range(20):
        url = api.put("/instances/1.json", json={"password": f"sesame{number}"}).json()["url"]
        assert status(api) == "running"

    assert run_id(url) == before


@only_process
def test_the_end_of_a_process_is_seen_without_a_probe(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "INTERVAL", 60.0)
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    emulators.kill(made)

    assert until(lambda: answers(made["url"]) and run_id(made["url"]) != before)
    assert ask(made["url"], "GET", "key") == "value"
    assert until(lambda: status(api) == "running")


def probes(client: redis.Redis) -> int:
    """Return how many times the emulator has probed a Redis."""
    statistics: dict[str, Any] = client.info("commandstats")
    return sum(each["calls"] for name, each in statistics.items() if name.startswith("cmdstat_acl"))


def test_probes_open_no_connections(emulators: RedisEmulators) -> None:
    api = emulators.start()

    with connection(api.create()["url"]) as client:
        before, probed = client.info("stats"), probes(client)
        assert until(lambda: probes(client) > probed + 2)
        assert client.info("stats")["total_connections_received"] == before["total_connections_received"]


def test_a_redis_that_has_no_connection_left_for_the_emulator_runs(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()

    with connection(made["url"]) as client:
        before = client.info("server")["run_id"]
        client.config_set("maxclients", 1)
        client.client_kill_filter(skipme=True, _type="normal")
        assert until(lambda: client.info("stats")["rejected_connections"] > 2)

        assert status(api) == "running"
        assert client.info("server")["run_id"] == before


@pytest.mark.parametrize("change", [{"timeout": 7}, {"databases": 4}, {"plan": "mini"}, {"persistence": "none"}])
def test_a_redis_that_was_stopped_on_purpose_is_not_started_by_a_refused_change(
    emulators: RedisEmulators, change: dict[str, Any]
) -> None:
    api = emulators.start()
    made = api.create()
    stop = api.post("/_rtgmock/instances/1/redis", json={"action": "stop"})
    assert stop.json()["status"] == "failed"

    assert api.put("/instances/1.json", json=change).status_code == 503

    assert status(api) == "failed"
    assert emulators.running() == 0
    assert api.post("/_rtgmock/instances/1/redis", json={"action": "start"}).json()["status"] == "running"
    assert answers(made["url"])


def test_a_frozen_redis_is_not_restarted_by_a_refused_change(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    before = run_id(made["url"])
    api.post("/_rtgmock/instances/1/redis", json={"action": "freeze"})

    assert api.put("/instances/1.json", json={"timeout": 7}).status_code == 503
    assert status(api) == "running"

    assert api.post("/_rtgmock/instances/1/redis", json={"action": "thaw"}).json()["status"] == "running"
    assert run_id(made["url"]) == before
    assert api.put("/instances/1.json", json={"timeout": 7}).json()["timeout"] == 7
