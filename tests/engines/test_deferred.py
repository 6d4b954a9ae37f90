"""An engine that is built when it is needed: before that, nothing is; after that, all goes to the real one."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rtgmock.engines.deferred import DeferredEngine
from rtgmock.engines.off import OffEngine
from rtgmock.errors import EngineFailed
from tests.support.command import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve

pytest_plugins = ["tests.support.servers"]


class Recording(OffEngine):
    """Notes what it is called for."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def present(self) -> set[int]:
        self.calls.append("present")
        return {7}

    def monitor(self, instances: object, report: object) -> None:
        self.calls.append("monitor")

    def cancel_starts(self) -> None:
        self.calls.append("cancel_starts")

    def close(self) -> None:
        self.calls.append("close")


def deferred(build: Callable[[], Recording]) -> DeferredEngine:
    return DeferredEngine("process", "process: redis-server", build)


def fail() -> Recording:
    raise AssertionError("it is not needed")


def test_an_emulator_without_instances_needs_no_engine() -> None:
    engine = deferred(fail)

    assert engine.present() == set()
    engine.monitor(list, print)
    engine.cancel_starts()
    engine.close()
    assert (engine.name, engine.description, engine.real) == ("process", "process: redis-server", True)


def test_what_it_was_told_before_is_told_to_the_real_one() -> None:
    real = Recording()
    engine = deferred(lambda: real)
    engine.monitor(list, print)

    assert engine.observation(1).condition == "answers"
    engine.cancel_starts()
    assert engine.present() == {7}
    engine.close()

    assert real.calls == ["monitor", "cancel_starts", "present", "close"]


def test_an_engine_that_is_built_after_the_end_starts_nothing() -> None:
    real = Recording()
    engine = deferred(lambda: real)
    engine.cancel_starts()

    engine.observation(1)

    assert real.calls == ["cancel_starts"]


def test_many_threads_build_it_once() -> None:
    built: list[Recording] = []
    begun = threading.Barrier(8)

    def build() -> Recording:
        built.append(Recording())
        return built[-1]

    engine = deferred(build)

    def use() -> object:
        begun.wait(20)
        return engine.free_port([9001])

    with ThreadPoolExecutor(8) as pool:
        assert [future.result(20) for future in [pool.submit(use) for _ in range(8)]] == [9001] * 8
    assert len(built) == 1


def test_an_engine_that_cannot_be_built_fails_the_request_and_is_tried_again() -> None:
    problems = [OSError(28, "No space left on device")]

    def build() -> Recording:
        for problem in [*problems]:
            problems.remove(problem)
            raise problem
        return Recording()

    engine = deferred(build)

    with pytest.raises(EngineFailed, match="No space left on device"):
        engine.free_port([9001])
    assert engine.free_port([9001]) == 9001


def test_a_reset_without_instances_builds_nothing(serve: Serve, redis_server: str) -> None:
    api = serve(redis="process", redis_server=redis_server)

    assert api.post("/_rtgmock/reset", headers={"Content-Type": "application/json"}).status_code == 200
    assert api.get("/instances.json").json() == []
    assert isinstance(api.emulator.engine, DeferredEngine)
    assert api.emulator.engine._engine is None


LOADED = """
import sys
from rtgmock.emulator import Emulator

with Emulator(redis="auto") as emulator:
    print(emulator.engine.name, *sys.modules)
"""


def test_a_start_with_a_server_imports_neither_redis_nor_psutil_nor_docker(bare_process: Path) -> None:
    server = bare_process / "redis-server"
    server.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=0'\n")
    server.chmod(0o755)

    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True, env=environment()
    )

    engine, *loaded = done.stdout.split()
    assert engine == "process"
    assert {"redis", "psutil", "docker", "requests"}.isdisjoint(loaded)


def test_a_start_without_any_server_imports_no_more(bare_process: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True, env=environment()
    )

    engine, *loaded = done.stdout.split()
    assert engine == "off"
    assert {"redis", "psutil", "docker", "requests"}.isdisjoint(loaded)
