"""A Redis comes back with its data after a stop, a kill or a lost port."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import pytest
import redis

from tests.support.command import until
from tests.support.instances import is_revived, save, status
from tests.support.ports import occupied
from tests.support.redis_client import answers, ask, connection, run_id

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


KEPT = ["aof", "snapshot"]


@pytest.mark.parametrize("persistence", KEPT)
def test_the_data_is_there_after_a_stop_and_a_start(emulators: RedisEmulators, persistence: str) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(persistence=persistence)
    ask(made["url"], "SET", "key", "value")
    first.close()
    assert emulators.running() == 0
    assert not answers(made["url"])

    second = emulators.start(state=emulators.state)

    assert ask(made["url"], "GET", "key") == "value"
    assert status(second) == "running"
    assert emulators.running() == 1


def test_an_instance_without_persistence_works_after_a_stop_and_a_start(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(persistence="none")
    ask(made["url"], "SET", "key", "value")
    first.close()
    emulators.start(state=emulators.state)

    assert ask(made["url"], "SET", "key", "another")


def test_an_instance_without_persistence_starts_empty_whatever_was_saved_before(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = [first.create(persistence="none"), first.create()]
    for instance in made:
        ask(instance["url"], "SET", "key", "value")
        save(instance["url"])
    assert first.put("/instances/1.json", json={"databases": 2}).status_code == 200
    assert first.put("/instances/2.json", json={"persistence": "none"}).status_code == 200
    assert [ask(instance["url"], "GET", "key") for instance in made] == ["value", "value"]

    first.close()
    emulators.start(state=emulators.state)

    assert [ask(instance["url"], "DBSIZE") for instance in made] == [0, 0]


def test_when_the_append_only_file_was_rewritten_is_known_after_a_restart(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(plan="mini")
    assert made["last_bgrewriteaof_at"] is None
    ask(made["url"], "BGREWRITEAOF")
    name = "last_bgrewriteaof_at"
    assert until(lambda: first.get("/instances/1.json").json()[name])
    rewritten = first.get("/instances/1.json").json()[name]
    assert until(lambda: (first.emulator.store.instance(1) or {})[name] == rewritten)
    first.close()

    second = emulators.start(state=emulators.state)

    assert second.get("/instances/1.json").json()[name] == rewritten


def test_a_stop_right_after_the_append_only_file_was_turned_on_keeps_the_data(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    url = first.create(plan="mini", persistence="snapshot")["url"]
    fill(url)
    assert first.put("/instances/1.json", json={"persistence": "aof"}).status_code == 200
    begun = time.monotonic()
    first.close()
    assert time.monotonic() - begun < 8

    emulators.start(state=emulators.state)

    assert ask(url, "DBSIZE") == 100


def test_a_kill_right_after_the_append_only_file_was_turned_on_keeps_the_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini", persistence="snapshot")
    fill(made["url"])
    assert api.put("/instances/1.json", json={"persistence": "aof"}).status_code == 200

    emulators.kill(made)

    assert is_revived(api, made["url"])
    assert ask(made["url"], "DBSIZE") == 100


def fill(url: str) -> None:
    with connection(url) as client:
        for number in range(100):
            client.set(f"chunk{number}", os.urandom(100_000))


def test_a_redis_that_was_killed_comes_back_with_its_append_only_file(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    emulators.kill(made)

    assert is_revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"
    assert run_id(made["url"]) != before
    assert emulators.running() == 1


def test_a_redis_that_was_killed_comes_back_with_its_last_snapshot(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    save(made["url"])

    emulators.kill(made)

    assert is_revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"


def test_a_redis_without_persistence_that_was_killed_comes_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(persistence="none")

    emulators.kill(made)

    assert is_revived(api, made["url"])
    assert ask(made["url"], "SET", "key", "value")


def test_a_redis_that_a_client_shut_down_comes_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")

    with contextlib.suppress(redis.ConnectionError):
        ask(made["url"], "SHUTDOWN", "NOSAVE")

    assert is_revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"
    assert emulators.running() == 1


def test_a_deleted_instance_does_not_come_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made, other = api.create(), api.create()
    emulators.kill(made)

    assert api.delete("/instances/1").status_code == 200

    emulators.kill(other)
    assert until(lambda: status(api, 2) == "running" and answers(other["url"]))
    assert emulators.running() == 1
    assert not answers(made["url"])


def test_an_instance_whose_port_somebody_took_is_failed_until_that_is_free(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(plan="mini")
    ask(made["url"], "SET", "key", "value")
    first.close()
    with occupied(made["port"]):
        api = emulators.start(state=emulators.state)
        assert status(api) == "failed"
        assert answers(api.create()["url"])
        assert status(api) == "failed"

    assert is_revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"
