"""Actions on an instance's Redis by the control API: stop, start, restart, freeze, thaw, pause, drop."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import redis
import requests

from tests.support.command import until
from tests.support.redis_client import answers, ask, connection, run_id

if TYPE_CHECKING:
    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def act(api: Served, action: str, number: int = 1, **more: int) -> dict[str, Any]:
    url = f"{api.url}/_rtgmock/instances/{number}/redis"
    answer = requests.post(url, json={"action": action, **more}, timeout=30)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def status(api: Served) -> str:
    return str(api.get("/instances/1.json").json()["status"])


def test_a_redis_that_was_stopped_stays_so_until_it_is_started(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")

    assert act(api, "stop") == {"id": 1, "status": "failed"}
    api.emulator._parts.supervisor.see_to(1)
    assert status(api) == "failed"
    assert not answers(made["url"])
    assert api.put("/instances/1.json", json={"timeout": 7}).status_code == 503
    assert answers(api.create()["url"])

    assert act(api, "start") == {"id": 1, "status": "running"}
    assert ask(made["url"], "GET", "key") == "value"


def test_a_redis_that_was_restarted_has_its_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    assert act(api, "restart")["status"] == "running"

    assert run_id(made["url"]) != before
    assert ask(made["url"], "GET", "key") == "value"


def test_a_frozen_redis_keeps_its_clients_waiting_until_it_is_thawed(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()

    with connection(made["url"]) as client, ThreadPoolExecutor(1) as pool:
        client.ping()
        act(api, "freeze")
        answer = pool.submit(client.ping)
        begun = time.monotonic()
        assert status(api) == "running"
        api.emulator._parts.supervisor.see_to(1)
        assert time.monotonic() - begun < 2
        assert not answer.done()

        act(api, "thaw")
        assert answer.result(10)
    assert status(api) == "running"


def test_a_paused_redis_answers_when_the_pause_is_over(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    with connection(made["url"]) as client:
        client.ping()
        begun = time.monotonic()
        act(api, "pause", ms=400)
        assert status(api) == "running"
        assert client.ping()
        assert 0.3 < time.monotonic() - begun < 5


def test_dropped_connections_are_gone_and_new_ones_are_taken(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    with connection(made["url"]) as one, connection(made["url"]) as other:
        assert one.ping()
        assert other.ping()

        act(api, "drop")

        for client in (one, other):
            with pytest.raises(redis.ConnectionError):
                client.ping()
    assert answers(made["url"])
    assert status(api) == "running"


@pytest.mark.parametrize("action", ["stop", "freeze"])
def test_an_instance_whose_redis_is_stopped_or_frozen_is_deleted_like_any_other(
    emulators: RedisEmulators, action: str
) -> None:
    api = emulators.start()
    api.create()
    act(api, action)

    assert api.delete("/instances/1").status_code == 200

    assert emulators.running() == 0


def test_a_frozen_redis_is_stopped_with_the_emulator_and_keeps_its_data(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create()
    ask(made["url"], "SET", "key", "value")
    act(first, "freeze")
    begun = time.monotonic()
    first.close()
    assert time.monotonic() - begun < 8

    emulators.start(state=emulators.state)

    assert ask(made["url"], "GET", "key") == "value"


def test_a_reset_removes_every_redis_and_ends_all_actions(emulators: RedisEmulators) -> None:
    api = emulators.start()
    urls = [api.create()["url"] for _ in range(2)]
    ask(urls[0], "SET", "key", "value")
    act(api, "stop")

    api.emulator.reset()

    assert not any(answers(url) for url in urls)
    assert emulators.running() == 0
    made = api.create()
    assert made["id"] == 1
    assert ask(made["url"], "DBSIZE") == 0
    assert status(api) == "running"


def test_a_state_that_is_put_has_a_redis_for_each_instance(emulators: RedisEmulators) -> None:
    api = emulators.start()
    old = api.create()
    document = {"instances": [{"plan": "mini", "port": emulators.ports[1], "password": "sesame"}, {"plan": "nano"}]}

    answer = requests.put(f"{api.url}/_rtgmock/state", json=document, timeout=30)

    assert answer.status_code == 200, answer.text
    assert not answers(old["url"])
    assert answers(f"redis://:sesame@127.0.0.1:{emulators.ports[1]}")
    assert answers(api.get("/instances/2.json").json()["url"])
    assert emulators.running() == 2


def test_resets_among_creates_leave_no_redis_without_a_record(emulators: RedisEmulators) -> None:
    api = emulators.start()

    def create() -> int:
        return requests.post(
            api.url + "/instances.json", json={"plan": "nano"}, auth=api.session.auth, timeout=30
        ).status_code

    with ThreadPoolExecutor(4) as pool:
        answered = [pool.submit(create) for _ in range(4)]
        api.emulator.reset()
        assert {future.result(60) for future in answered} <= {201, 422}

    known = api.get("/instances.json").json()
    assert until(lambda: emulators.running() == len(known))
