"""Redis servers as processes: what a dead emulator has left, and what the servers' environment contains."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.command import environment, until
from tests.support.instances import only_process
from tests.support.redis_client import answers, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


@only_process
def test_the_redis_of_an_emulator_that_was_killed_ends_by_itself_and_saves(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    ask(made["url"], "SET", "key", "value")

    command.kill()

    assert until(lambda: emulators.running() == 0)
    emulators.run()
    assert ask(made["url"], "GET", "key") == "value"


@only_process
def test_a_folder_that_no_record_knows_is_removed_at_the_start_and_another_is_not(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    first.create()
    first.close()
    stray, other, foreign = (
        emulators.home(99),
        emulators.home(1).parent / "mine",
        emulators.folder / "other.json.redis" / "99",
    )
    for folder in (stray, other, foreign):
        folder.mkdir(parents=True)
        (folder / "dump.rdb").touch()

    emulators.start(state=emulators.state)

    assert not stray.exists()
    assert other.exists()
    assert foreign.exists()
    assert emulators.home(1).exists()


@pytest.fixture
def left_server(emulators: RedisEmulators) -> Iterator[Any]:
    """Start Redis servers in an instance's folder, as a dead emulator would have left them."""
    with contextlib.ExitStack() as stack:

        def start(number: int, port: int) -> subprocess.Popen[bytes]:
            folder = emulators.home(number)
            folder.mkdir(parents=True, exist_ok=True)
            options = {"port": str(port), "dir": str(folder), "logfile": "left.log", "set-proc-title": "no"}
            arguments = ["redis-server", *(word for name, value in options.items() for word in (f"--{name}", value))]
            process = subprocess.Popen(arguments, cwd=folder, env=environment(RTGMOCK_OWNER="1:0.5"))
            stack.callback(process.wait)
            stack.callback(process.kill)
            created = psutil.Process(process.pid).create_time()
            (folder / "redis.pid").write_text(f"{process.pid} {created}\n")
            assert until(lambda: answers(f"redis://127.0.0.1:{port}"))
            return process

        yield start


@only_process
def test_a_redis_that_was_left_running_is_replaced_and_none_runs_twice(
    emulators: RedisEmulators, left_server: Any
) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create()
    first.close()
    orphan = left_server(1, made["port"])

    emulators.start(state=emulators.state)

    assert answers(made["url"])
    assert orphan.wait(10) is not None
    assert emulators.running() == 1


@only_process
def test_a_redis_that_was_left_running_for_no_record_is_ended(emulators: RedisEmulators, left_server: Any) -> None:
    first = emulators.start(state=emulators.state)
    first.close()
    orphan = left_server(99, emulators.ports[0])

    api = emulators.start(state=emulators.state)

    assert orphan.wait(10) is not None
    assert not emulators.home(99).exists()
    assert answers(api.create()["url"])


@only_process
def test_a_process_that_has_a_dead_servers_number_by_now_is_left_alone(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create()
    first.close()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        created = psutil.Process(bystander.pid).create_time()
        (emulators.home(1) / "redis.pid").write_text(f"{bystander.pid} {created - 100}\n")

        emulators.start(state=emulators.state)

        assert answers(made["url"])
        assert bystander.poll() is None
        bystander.kill()


@only_process
def test_the_emulators_own_settings_are_not_in_the_servers_environment(emulators: RedisEmulators) -> None:
    seen, server = emulators.folder / "seen", emulators.folder / "server"
    server.write_text(f'#!/bin/sh\nenv > "{seen}"\nexec redis-server "$@"\n')
    server.chmod(0o755)
    settings = {"RTGMOCK_ACCOUNT": "username:password", "RTGMOCK_REDIS_SERVER": str(server)}
    command, api = emulators.run(state=":memory:", env=settings)

    assert answers(api.create()["url"])

    assert "RTGMOCK_ACCOUNT" not in seen.read_text()
    assert command.stop() == 0


@only_process
@pytest.mark.parametrize("owner", [{}, {"RTGMOCK_OWNER": "1:0.5"}], ids=["without owner", "with owner"])
def test_a_pid_file_that_names_a_process_of_others_is_not_believed(
    emulators: RedisEmulators, owner: dict[str, str]
) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create()
    first.close()
    place = emulators.folder if owner else emulators.home(1)
    program = [sys.executable, "-c", "input()"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, cwd=place, env=environment(**owner)) as bystander:
        created = psutil.Process(bystander.pid).create_time()
        (emulators.home(1) / "redis.pid").write_text(f"{bystander.pid} {created}\n")

        second = emulators.start(state=emulators.state)

        assert answers(made["url"])
        assert second.delete("/instances/1.json").status_code == 200
        assert bystander.poll() is None


@only_process
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o177])
def test_the_folders_of_the_data_are_private_whatever_the_umask(emulators: RedisEmulators, umask: int) -> None:
    before = os.umask(umask)
    try:
        api = emulators.start(state=emulators.state)
        made = api.create(persistence="aof")
    finally:
        os.umask(before)

    folders = [emulators.home(1).parent, emulators.home(1)]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    assert ask(made["url"], "SET", "key", "value")
