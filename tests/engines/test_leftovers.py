"""What a real engine refuses to remove: a reset says so and goes on, and it is removed later, by that engine."""

from __future__ import annotations

import contextlib
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support.agreement import state_on_disk
from tests.support.api_client import ApiClient
from tests.support.command import until
from tests.support.instances import only_docker, status
from tests.support.redis_client import ask
from tests.support.redis_emulators import IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.support.command import Command
    from tests.support.redis_emulators import RedisEmulators
    from tests.support.small_disk import SmallDisk

    Refusal = Callable[[int], AbstractContextManager[None]]

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.small_disk"]

JSON = {"Content-Type": "application/json"}
THREE = {"instances": [{"plan": "nano"}] * 3}


@pytest.fixture
def refusal(emulators: RedisEmulators, request: pytest.FixtureRequest) -> Refusal:
    """Let the engine refuse to remove the data of an instance: ``with refusal(2):``."""
    if emulators.engine == "docker":
        return lambda number: used_volume(emulators, number)
    mount_disk: Callable[..., SmallDisk] = request.getfixturevalue("mount_disk")

    @contextlib.contextmanager
    def mounted(number: int) -> Iterator[None]:
        disk = mount_disk(emulators.home(number) / "mount")  # a folder cannot be removed with a mount in it
        try:
            yield
        finally:
            disk.close()

    return mounted


@contextlib.contextmanager
def used_volume(emulators: RedisEmulators, number: int) -> Iterator[None]:
    """Let another container use the volume of an instance, which Docker does not remove then."""
    volume = str(emulators.container(number).name)
    user = emulators.docker.containers.create(IMAGE, volumes={volume: {"bind": "/data", "mode": "ro"}})
    try:
        yield
    finally:
        user.remove(force=True)


def test_a_reset_that_the_engine_refuses_half_way_goes_on_and_is_finished_later(
    emulators: RedisEmulators, refusal: Refusal
) -> None:
    api = emulators.start(state=emulators.state)
    for _ in range(3):
        ask(api.create()["url"], "SET", "key", "of the former life")
    with refusal(2):
        answers = [
            api.post("/_rtgmock/reset", headers=JSON),
            api.put("/_rtgmock/state", headers=JSON, json=THREE),
        ]

        for answer in answers:
            assert answer.status_code == 503
            assert (
                "The state is replaced, but what its old instances have left is not removed yet, of 2: " in answer.text
            )
            assert "nothing has changed" not in answer.text
        assert [record["id"] for record in state_on_disk(emulators.state)["instances"]] == [1, 2, 3]
        assert [status(api, number) for number in (1, 2, 3)] == ["running", "failed", "running"]
        api.close()
        api = emulators.start(state=emulators.state)
        assert [status(api, number) for number in (1, 2, 3)] == ["running", "failed", "running"]
        assert api.put("/instances/2.json", json={"timeout": 7}).status_code == 503

    assert until(lambda: status(api, 2) == "running")
    urls = [api.get(f"/instances/{number}.json").json()["url"] for number in (1, 2, 3)]
    assert [ask(url, "GET", "key") for url in urls] == [None] * 3
    assert api.post("/_rtgmock/reset", headers=JSON).status_code == 200
    assert emulators.nothing_exists()


def test_the_next_reset_finishes_one_that_the_engine_refused(emulators: RedisEmulators, refusal: Refusal) -> None:
    api = emulators.start(state=emulators.state)
    api.create()
    api.create()
    with refusal(1):
        assert "of 1: " in api.post("/_rtgmock/reset", headers=JSON).text
        assert api.instance_ids() == []
        refused = api.post("/instances.json", json={"plan": "nano"})
        assert (refused.status_code, api.instance_ids()) == (503, [])

    assert api.post("/_rtgmock/reset", headers=JSON).status_code == 200
    assert emulators.nothing_exists()
    assert ask(api.create()["url"], "PING")


def test_a_reset_of_one_account_that_the_engine_refuses_says_so_and_is_finished_later(
    emulators: RedisEmulators, refusal: Refusal
) -> None:
    api = emulators.start(state=emulators.state, accounts=("username:password", "any"))
    api.create()
    api.create()
    others = api.post("/instances.json", json={"plan": "nano"}, auth=("other", "x")).json()["url"]
    with refusal(2):
        answer = api.post("/_rtgmock/reset", headers=JSON, json={"account": "username"})
        assert answer.status_code == 503
        assert answer.text.startswith(
            "The account username is reset, but what its old instances have left is not removed yet, of 2: "
        )
        assert (api.instance_ids(), ask(others, "PING")) == ([], True)

    assert until(lambda: not emulators.home(2).exists() and len(emulators.volumes()) <= 1)
    assert ask(others, "PING")


@only_docker
@pytest.mark.parametrize("other", ["process", "off"])
def test_what_docker_has_left_is_told_by_an_emulator_with_another_engine_and_removed_with_docker(
    emulators: RedisEmulators, command: Callable[..., Command], other: str
) -> None:
    docker, api = emulators.run()
    api.create()
    api.create()
    with used_volume(emulators, 1):
        assert api.call("DELETE", "/instances/1.json").status_code == 200
        assert docker.stop() == 0
        emulators.engine = other
        for _ in range(2):  # each start says it
            running, _ = emulators.run()
            said = [line for line in running.err_lines(1) if "the engine docker" in line]
            assert running.stop() == 0
            assert len(said) == 1
            assert "still has what is left of the Redis of former instances, of 1; " in said[0]
        assert len(emulators.volumes()) == 2

    told = re.search(r"start it once: rtgmock serve (.*)", said[0])
    assert told
    again = command(*shlex.split(told[1]))
    assert ApiClient(again.url).call("GET", "/instances/2.json").json()["status"] == "running"
    assert len(emulators.volumes()) == 1
    assert again.stop() == 0
    assert "the engine docker" not in emulators.run()[0].err


@only_docker
def test_what_docker_has_from_before_a_reset_without_it_is_not_given_to_a_new_instance(
    emulators: RedisEmulators,
) -> None:
    api = emulators.start(state=emulators.state)
    ask(api.create(persistence="aof", appendfsync="always")["url"], "SET", "key", "of the former life")
    api.close()
    without = emulators.start(state=emulators.state, redis="off")
    assert without.post("/_rtgmock/reset", headers=JSON).status_code == 200
    assert without.create()["id"] == 1
    without.close()

    api = emulators.start(state=emulators.state)

    assert ask(api.get("/instances/1.json").json()["url"], "GET", "key") is None
    assert len(emulators.containers()) == len(emulators.volumes()) == 1
