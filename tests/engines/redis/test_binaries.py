"""The server programs: too old ones are refused, and a container runs its image's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.engines.redis.binaries import find_server, server_command
from rtgmock.errors import StartupError
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path


def script(folder: Path, command: str) -> str:
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("says", "number"),
    [
        ("Redis server v=5.0.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=ddd3b1f304a41b38", "5.0.14"),
        ("Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=a3fdef44459b3ad6", "6.0.16"),
        ("Redis server version 2.4.10 (00000000:0)", "2.4.10"),
    ],
)
def test_a_server_that_is_too_old_stops_the_start_with_one_line(tmp_path: Path, says: str, number: str) -> None:
    program = script(tmp_path, f"echo '{says}'")

    options = ["--redis", "process", "--port", "0", "--state", ":memory:", "--redis-server", program]
    finished = run_main("serve", *options, folder=tmp_path)

    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line == (
        f"rtgmock: {program} is version {number}, and 6.2 or later is needed; "
        "install a newer one, name it with --redis-server PATH, or take --redis docker"
    )


@pytest.mark.parametrize(
    "says",
    [
        "Redis server v=6.2.0 sha=00000000:0",
        "Redis server v=10.0.0 sha=00000000:0",
        "Valkey server v=8.1.1 sha=00000000:0",
        "nothing that is known",
    ],
)
def test_a_server_that_is_new_enough_or_does_not_tell_is_taken(tmp_path: Path, says: str) -> None:
    program = script(tmp_path, f"echo '{says}'")

    assert find_server(program) == program


def test_a_server_on_the_path_that_is_too_old_is_refused_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, "echo Redis server v=5.0.14 sha=00000000:0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(StartupError, match=r"redis-server is version 5\.0\.14"):
        find_server(None)


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ({"Cmd": ["redis-server"], "Entrypoint": ["docker-entrypoint.sh"]}, ["redis-server", "/a.conf"]),
        ({"Cmd": ["valkey-server"], "Entrypoint": ["docker-entrypoint.sh"]}, ["valkey-server", "/a.conf"]),
        ({"Cmd": ["/usr/bin/valkey-server", "--save", ""]}, ["/usr/bin/valkey-server", "/a.conf"]),
        ({"Cmd": ["/run.sh"], "Entrypoint": ["/entrypoint.sh"]}, ["redis-server", "/a.conf"]),
        ({"Cmd": None, "Entrypoint": ["/usr/bin/valkey-server"]}, ["/a.conf"]),
        ({"Cmd": None, "Entrypoint": None}, ["redis-server", "/a.conf"]),
        ({}, ["redis-server", "/a.conf"]),
    ],
)
def test_a_container_runs_the_server_that_its_image_runs(image: dict[str, Any], command: list[str]) -> None:
    assert server_command(image, "/a.conf") == command
