"""A Redis that hangs delays nothing but what is asked of itself."""

from __future__ import annotations

import contextlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests

from rtgmock.settings.parsers import Credentials
from tests.support.command import until
from tests.support.hangs import WAYS
from tests.support.instances import only_process, status
from tests.support.redis_client import answers, ask, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Served
    from tests.support.api_client import ApiClient
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

AT_ONCE = 0.5
"""Seconds, beside what the same takes without a Redis that hangs. What waited for one took two to thirty."""
END = 5.0
ways = pytest.mark.parametrize("way", WAYS)


def server(emulators: RedisEmulators, made: dict[str, Any]) -> psutil.Process:
    """Return the process of an instance's Redis, in a container or not."""
    if emulators.engine == "process":
        return emulators.server(made["url"])
    return psutil.Process(emulators.container(made["id"]).attrs["State"]["Pid"])


@contextlib.contextmanager
def hanging(emulators: RedisEmulators, way: str, *instances: dict[str, Any]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for made in instances:
            stack.enter_context(WAYS[way](made["url"], server(emulators, made)))
        yield


def seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def kill_and_wait(emulators: RedisEmulators, api: Served, made: dict[str, Any]) -> float:
    """Kill a Redis, and return the seconds until it is back."""
    path, before = f"/instances/{made['id']}.json", run_id(made["url"])
    emulators.kill(made)

    def is_back() -> bool:
        well = api.get(path).json()["status"] == "running" and answers(made["url"])
        return well and run_id(made["url"]) != before

    return seconds(lambda: until(is_back))


@ways
def test_another_redis_that_was_killed_is_back_as_soon_as_ever(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    one, other = api.create(), api.create()
    alone = kill_and_wait(emulators, api, other)

    with hanging(emulators, way, one):
        assert until(lambda: status(api, one["id"]) == "failed")
        # Several tries, for a machine that is busy with something else.
        assert any(kill_and_wait(emulators, api, other) < 2 * alone + AT_ONCE for _ in range(3))
    if way != "busy":  # its server is still busy, and is killed at the end
        assert emulators.running() == 2


@ways
def test_a_change_of_another_instance_does_not_wait(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    one, other = api.create(plan="mini"), api.create(plan="mini")

    with hanging(emulators, way, one), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(requests.put, f"{api.url}/instances/1.json", {"plan": "nano"}, auth=api.session.auth)
        assert api.put("/instances/2.json", json={"plan": "nano"}).status_code == 200
        assert not waiting.done()
        assert api.put("/instances/2.json", json={"timeout": 7}).status_code == 200
        assert waiting.result().status_code == 503
    assert answers(other["url"])


@ways
def test_its_own_change_is_refused_soon_and_changes_nothing(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    with hanging(emulators, way, made):
        for change in ({"timeout": 7}, {"databases": 4}):
            begun = time.monotonic()
            answer = api.put("/instances/1.json", json=change)
            assert time.monotonic() - begun < END
            assert answer.status_code == 503
            assert answer.text.startswith("The instance's Redis refused the change, and nothing has changed: ")
    if way == "suspended":
        assert until(lambda: status(api) == "running")
        assert run_id(made["url"]) == before
        assert ask(made["url"], "CONFIG", "GET", "timeout")["timeout"] == "150"


@ways
def test_a_list_takes_no_longer(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    instances = [api.create() for _ in range(2)]

    def list_all() -> float:
        return statistics.median(seconds(lambda: api.get("/instances.json").raise_for_status()) for _ in range(20))

    well = list_all()
    with hanging(emulators, way, instances[0]):
        at_once = list_all()
        assert until(lambda: status(api) == "failed")
        later = list_all()

    assert max(at_once, later) < 5 * well + 0.02


@ways
def test_its_changes_do_not_wait_for_each_other(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    made = api.create(plan="mini")

    def change(number: int) -> int:
        body = {"plan": "nano"} if number % 2 else {"timeout": number}
        return requests.put(f"{api.url}/instances/1.json", json=body, auth=api.session.auth, timeout=60).status_code

    with hanging(emulators, way, made), ThreadPoolExecutor(16) as pool:
        begun = time.monotonic()
        assert set(pool.map(change, range(16))) == {503}
        assert time.monotonic() - begun < END


@only_process
def test_lists_and_health_are_answered_at_once_beside_three_that_hang(emulators: RedisEmulators) -> None:
    api = emulators.start(accounts=(Credentials("username", "password"), Credentials("other", "password")))
    instances = [api.create() for _ in range(3)]

    def get(path: str, name: str = "username") -> float:
        def call() -> None:
            answer = requests.get(api.url + path, auth=(name, "password"), timeout=10)
            assert answer.status_code == 200

        return seconds(call)

    def load() -> float:
        """Ask for 16 lists at once, and meanwhile for health and another account's list; return their median."""
        with ThreadPoolExecutor(16) as pool:
            lists = [pool.submit(get, "/instances.json") for _ in range(16)]
            others = [get("/_rtgmock/health") for _ in range(10)] + [get("/instances.json", "other") for _ in range(10)]
            for each in lists:
                assert each.result() < END
        return statistics.median(others)

    load()
    well = load()
    with hanging(emulators, "suspended", *instances):
        hung = [load() for _ in range(3)]

    assert min(hung) < 3 * well + 0.02


@pytest.mark.parametrize("way", ["suspended", "busy"])
def test_a_stop_ends_everything_soon_and_keeps_the_data(emulators: RedisEmulators, way: str) -> None:
    command, api = emulators.run()
    instances = [api.create(plan="mini", appendfsync="always") for _ in range(3)]
    for made in instances:
        ask(made["url"], "SET", "key", "value")

    with hanging(emulators, way, instances[0]):
        assert seconds(command.stop) < END + (AT_ONCE if emulators.engine == "process" else END)

    assert emulators.running() == 0
    emulators.run()
    assert [ask(made["url"], "GET", "key") for made in instances] == ["value"] * 3


@ways
def test_a_reset_does_not_wait(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    instances = [api.create() for _ in range(2)]

    with hanging(emulators, way, instances[0]):
        assert until(lambda: status(api) == "failed")
        assert seconds(api.emulator.reset) < END

    assert emulators.nothing_exists()


@ways
def test_it_can_be_restarted_and_deleted(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    ask(made["url"], "SAVE")

    with hanging(emulators, way, made):
        assert until(lambda: status(api) == "failed")
        restart = api.post("/_rtgmock/instances/1/redis", json={"action": "restart"})
        assert restart.json() == {"id": 1, "status": "running"}
    assert ask(made["url"], "GET", "key") == "value"

    with hanging(emulators, way, made):
        assert seconds(lambda: api.delete("/instances/1.json").raise_for_status()) < END
    assert emulators.nothing_exists()


@ways
def test_one_that_hangs_is_failed_and_runs_on_when_it_answers(emulators: RedisEmulators, way: str) -> None:
    api = emulators.start()
    made = api.create()
    before = run_id(made["url"])

    with hanging(emulators, way, made):
        assert until(lambda: status(api) == "failed")
        assert api.delete("/instances/7.json").status_code == 404
    if way == "suspended":
        assert until(lambda: status(api) == "running")
        assert run_id(made["url"]) == before


def saves_for_long(api: ApiClient, made: dict[str, Any]) -> None:
    """Fill a Redis so that a save of it takes long, and make it slow: a pause between keys, in microseconds."""
    for number in range(30):
        ask(made["url"], "SET", f"key{number}", "x")
    ask(made["url"], "CONFIG", "SET", "rdb-key-save-delay", 100_000)


@only_process
def test_one_that_takes_long_to_save_at_the_end_is_not_taken_for_one_that_hangs(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    saves_for_long(api, made)

    assert command.stop() == 0

    emulators.run()
    assert ask(made["url"], "DBSIZE") == 30
