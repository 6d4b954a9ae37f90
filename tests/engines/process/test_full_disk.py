"""A Redis that cannot save, since its disk is full: it refuses to end, and yet nothing waits for it or leaves it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.engines.process.runner import ProcessRunner
from rtgmock.errors import EngineFailed
from tests.support.command import until
from tests.support.instances import only_process, status
from tests.support.redis_client import ask, config, run_id
from tests.support.values import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.api_client import ApiClient
    from tests.support.command import Command
    from tests.support.redis_emulators import RedisEmulators
    from tests.support.small_disk import SmallDisk

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.small_disk"]

END = 5.0


@pytest.fixture
def disk(mount_disk: Callable[..., SmallDisk]) -> SmallDisk:
    return mount_disk()


def run(emulators: RedisEmulators, disk: SmallDisk, **attributes: Any) -> tuple[Command, ApiClient, str]:
    """Start an emulator on a disk, which is full once its instance's Redis has something to save."""
    command, api = emulators.run(state=str(disk.folder / "state.json"))
    url = api.create(plan="mini", persistence="snapshot", **attributes)["url"]
    ask(url, "SET", "key", "saved")
    ask(url, "SAVE")
    ask(url, "SET", "key", "not saved")
    disk.fill()
    return command, api, url


@only_process
def test_a_stop_of_the_emulator_takes_no_long_and_says_what_was_not_saved(
    disk: SmallDisk, emulators: RedisEmulators
) -> None:
    command, _, _ = run(emulators, disk)

    begun = time.monotonic()
    assert command.stop() == 0

    assert time.monotonic() - begun < END
    assert emulators.running() == 0
    assert "the Redis of instance 1 cannot save its data" in command.err
    assert "what it had not saved is lost" in command.err
    disk.free()
    _, api = emulators.run(state=str(disk.folder / "state.json"))
    assert ask(api.instance()["url"], "GET", "key") == "saved"


@only_process
@pytest.mark.parametrize("suspended", [False, True])
def test_no_redis_outlives_an_emulator_that_was_killed(
    disk: SmallDisk, emulators: RedisEmulators, *, suspended: bool
) -> None:
    command, _, url = run(emulators, disk)
    if suspended:
        emulators.server(url).suspend()

    command.kill()

    assert until(lambda: emulators.running() == 0)


@only_process
@pytest.mark.parametrize("persistence", ["snapshot", "none"])
def test_a_change_that_needs_a_restart_is_refused_and_loses_nothing(
    disk: SmallDisk, emulators: RedisEmulators, persistence: str
) -> None:
    _, api, url = run(emulators, disk)
    if persistence == "none":
        disk.free()
        assert api.call("PUT", "/instances/1.json", json={"persistence": "none"}).status_code == 200
        disk.fill()
    before = run_id(url)

    answer = api.call("PUT", "/instances/1.json", json={"databases": 7, "timeout": 9})

    assert answer.status_code == 503
    assert answer.text.startswith("The instance's Redis refused the change, and nothing has changed: ")
    assert "cannot save its data" in answer.text
    assert (run_id(url), ask(url, "GET", "key")) == (before, "not saved")
    assert config(url, "databases", "timeout") == {"databases": "1", "timeout": "150"}
    disk.free()
    assert api.call("PUT", "/instances/1.json", json={"databases": 7}).status_code == 200
    assert ask(url, "GET", "key") == "not saved"


@only_process
@pytest.mark.parametrize("action", ["stop", "restart"])
def test_a_test_that_stops_it_is_told_why_it_runs_on(disk: SmallDisk, emulators: RedisEmulators, action: str) -> None:
    _, api, url = run(emulators, disk)
    before = run_id(url)

    answer = api.call("POST", "/_rtgmock/instances/1/redis", json={"action": action})

    assert answer.status_code == 503
    assert "cannot save its data" in answer.text
    assert (run_id(url), status(api)) == (before, "running")
    disk.free()
    assert api.call("POST", "/_rtgmock/instances/1/redis", json={"action": action}).status_code == 200


@only_process
def test_a_delete_does_not_wait_for_it(disk: SmallDisk, emulators: RedisEmulators) -> None:
    _, api, _ = run(emulators, disk)
    disk.free()
    assert api.call("DELETE", "/instances/1").status_code == 200
    assert emulators.running() == 0


@only_process
def test_a_server_whose_files_cannot_be_written_is_not_left_without_its_configuration(
    disk: SmallDisk, emulators: RedisEmulators
) -> None:
    runner = ProcessRunner("redis-server", "127.0.0.1", disk.folder / "data")
    disk.fill()
    try:
        with pytest.raises(EngineFailed, match="No space left on device"):
            runner.launch(record(port=emulators.ports[0]), f"port {emulators.ports[0]}\n")
        assert emulators.running() == 0
    finally:
        runner.close()
