"""A change that fails in the middle leaves the record and the Redis as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from tests.support.command import until
from tests.support.instances import status
from tests.support.redis_client import answers, ask, config, connection, run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def everything(api: Served, url: str) -> tuple[Any, dict[str, str], str]:
    """Return what an update may change: the instance, its Redis's configuration, and the id of the server's run."""
    with connection(url) as client:
        execute: Callable[..., dict[str, str]] = client.execute_command
        configuration = execute("CONFIG", "GET", "*")
    record = api.get("/instances/1.json").json()
    return {name: value for name, value in record.items() if not name.startswith("last_")}, configuration, run_id(url)


def test_a_refused_value_leaves_the_record_and_the_redis_as_they_were(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]
    before = everything(api, url)

    answer = api.put("/instances/1.json", json={"appendfsync": "always", "databases": 0, "timeout": 7})

    assert answer.status_code == 422
    assert everything(api, url) == before


def test_a_value_that_the_redis_itself_refuses_takes_the_others_back(
    emulators: RedisEmulators, refused_setting: dict[str, Any]
) -> None:
    api = emulators.start()
    url = api.create()["url"]
    before = everything(api, url)

    answer = api.put(
        "/instances/1.json",
        json={"timeout": 7, "persistence": "aof", "password": "another", "master_password": "x", **refused_setting},
    )

    assert answer.status_code == 503
    assert everything(api, url) == before
    assert ask(url, "SET", "key", "value")


def test_a_value_that_the_redis_itself_refuses_at_its_restart_takes_the_others_back(
    emulators: RedisEmulators, refused_setting: dict[str, Any]
) -> None:
    api = emulators.start()
    url = api.create()["url"]
    ask(url, "SET", "key", "value")
    before = everything(api, url)[:2]

    answer = api.put("/instances/1.json", json={"timeout": 7, "databases": 4, "password": "another", **refused_setting})

    assert answer.status_code == 503
    assert everything(api, url)[:2] == before
    assert ask(url, "GET", "key") == "value"


def test_an_engine_that_fails_in_the_middle_of_a_change_takes_it_back(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    url = api.create()["url"]
    before = everything(api, url)
    set_one = redis.Redis.config_set
    left = iter(range(2))

    def config_set(client: redis.Redis, name: str, value: str, *more: Any) -> Any:
        if next(left, None) is None:
            monkeypatch.undo()
            raise redis.ResponseError("not today")
        return set_one(client, name, value, *more)

    monkeypatch.setattr(redis.Redis, "config_set", config_set)
    answer = api.put("/instances/1.json", json={"timeout": 7, "appendfsync": "no", "hash_max_zipmap_value": 9})

    assert answer.status_code == 503
    assert "not today" in answer.text
    assert everything(api, url) == before


def test_a_state_file_that_cannot_be_written_leaves_a_live_change_undone(
    emulators: RedisEmulators, broken_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start(state=emulators.state)
    url = api.create()["url"]
    before = everything(api, url)

    broken_disk(0)
    answer = api.put("/instances/1.json", json={"timeout": 7, "password": "another"})
    monkeypatch.undo()

    assert answer.status_code == 500
    assert everything(api, url) == before
    assert not answers(f"redis://:another@127.0.0.1:{emulators.ports[0]}")
    assert api.put("/instances/1.json", json={"timeout": 7}).status_code == 200


def test_a_state_file_that_cannot_be_written_leaves_a_restart_undone(
    emulators: RedisEmulators, broken_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start(state=emulators.state)
    url = api.create()["url"]
    ask(url, "SET", "key", "value")

    broken_disk(0)
    answer = api.put("/instances/1.json", json={"databases": 7, "persistence": "aof"})
    monkeypatch.undo()

    assert answer.status_code == 500
    assert config(url, "databases", "appendonly") == {"databases": "1", "appendonly": "no"}
    assert ask(url, "GET", "key") == "value"
    shown = api.get("/instances/1.json").json()
    assert (shown["databases"], shown["persistence"]) == (1, "snapshot")


def test_a_change_of_an_instance_whose_redis_is_gone_is_refused(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    made = api.create()
    monkeypatch.setattr(api.emulator._parts.supervisor, "see_to", lambda number: None)
    emulators.kill(made)
    assert until(lambda: status(api) == "failed")
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={"timeout": 7})

    assert answer.status_code == 503
    assert api.get("/instances/1.json").json() | {"status": "failed"} == before
    assert api.put("/instances/1.json", json={"label": "another"}).status_code == 200
