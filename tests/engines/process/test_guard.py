"""The guard: it ends what a killed emulator leaves, on systems too that send a child nothing when its parent dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from rtgmock.engines.process import guard
from rtgmock.engines.process.guarding import Guard
from tests.support.command import until
from tests.support.instances import only_process
from tests.support.redis_client import answers, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); input()"


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes of this one, each the leader of its group: one that ends by SIGTERM, or ignores it."""
    with contextlib.ExitStack() as stack:

        def start(program: str = "print('ready', flush=True); input()") -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            return process

        yield start


@pytest.fixture(params=["descriptors", "numbers"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A system that has descriptors of processes, and one like macOS, that has numbers only."""
    if request.param == "numbers":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    return str(request.param)


@pytest.mark.usefixtures("system")
def test_servers_are_ended_and_those_that_refuse_are_killed(
    child: Callable[..., subprocess.Popen[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "GRACE", 0.3)
    well, stubborn, suspended = child(), child(STUBBORN), child()
    psutil.Process(suspended.pid).suspend()
    lines = [b"+ %d %s\n" % (each.pid, os.fsencode(tmp_path)) for each in (well, stubborn, suspended)]
    servers = guard.read_servers(lines)
    with ThreadPoolExecutor(3) as pool:
        # A child that has ended keeps its number until it is waited for.
        ends = [pool.submit(each.wait, 10) for each in (well, stubborn, suspended)]

        guard.end_all(servers)

    assert [end.result() for end in ends] == [-signal.SIGTERM, -signal.SIGKILL, -signal.SIGTERM]
    for server in servers:
        server.close()


@pytest.mark.usefixtures("system")
def test_a_server_that_has_ended_is_not_signalled_any_more(
    child: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    ended, told = child(), child()
    begin = [b"+ %d %s\n" % (each.pid, os.fsencode(tmp_path)) for each in (ended, told)]
    ended.kill()
    ended.wait(10)

    servers = guard.read_servers([*begin, b"- %d\n" % told.pid])
    guard.end_all(servers)

    assert [server.number for server in servers] == [ended.pid]
    assert not servers[0].is_running()
    assert told.poll() is None


def test_a_server_gets_longer_while_it_writes_a_snapshot(tmp_path: Path) -> None:
    assert guard.must_end(tmp_path, 7, guard.GRACE + 1)
    (tmp_path / "temp-7.rdb").touch()
    assert guard.is_saving(tmp_path, 7)
    assert not guard.must_end(tmp_path, 7, guard.GRACE + 1)
    assert guard.must_end(tmp_path, 7, guard.SAVING + 1)


def test_the_end_of_its_pipe_ends_the_servers(child: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    server = child()
    process = subprocess.Popen([sys.executable, "-I", "-S", guard.__file__], stdin=subprocess.PIPE)
    assert process.stdin is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        process.stdin.write(b"+ %d %s\n" % (server.pid, os.fsencode(tmp_path)))
        process.stdin.flush()
        assert until(lambda: process.poll() is None and all(is_ignored(process.pid, each) for each in guard.IGNORED))
        process.send_signal(number)

    process.stdin.close()

    assert server.wait(10) == -signal.SIGTERM
    assert process.wait(10) == 0


def is_ignored(number: int, signal_number: int) -> bool:
    """Return whether a process ignores a signal; true where that cannot be known."""
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{number}/status") as file:  # noqa: PTH123
        mask = next(line for line in file if line.startswith("SigIgn:")).split()[1]
        return bool(int(mask, 16) >> (signal_number - 1) & 1)
    return True


def guards(parent: int) -> list[psutil.Process]:
    """Return the guards of an emulator that run."""

    def is_guard(process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):  # a zombie has no arguments
            return guard.__file__ in process.cmdline()
        return False

    return [each for each in psutil.Process(parent).children() if is_guard(each)]


@only_process
def test_a_guard_that_was_killed_is_there_again_with_the_next_server(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    first = api.create()
    (one,) = guards(command.process.pid)
    one.kill()
    assert until(lambda: not guards(command.process.pid))

    second = api.create()

    (other,) = guards(command.process.pid)
    ask(first["url"], "SET", "key", "value")
    command.kill()
    assert until(lambda: emulators.running() == 0 and not other.is_running())
    assert not answers(second["url"])


@only_process
def test_it_ends_with_an_emulator_that_is_stopped_or_killed(emulators: RedisEmulators) -> None:
    for end in ("stop", "kill"):
        command, api = emulators.run()
        if end == "stop":
            api.create()
        (process,) = guards(command.process.pid)
        getattr(command, end)()
        assert until(lambda process=process: not process.is_running())  # type: ignore[misc]
        assert until(lambda: emulators.running() == 0)


def test_a_machine_without_it_gets_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    without = Guard(dict)

    without.add(os.getpid(), __file__)  # type: ignore[arg-type]
    without.remove(os.getpid())
    without.close()

    assert "/nonexistent/python cannot be run: No such file or directory" in caplog.text
