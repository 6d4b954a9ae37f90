"""``rtgmock exec`` with Redis servers: the instance works while the command runs, and nothing is left after it."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command import DEADLINE, until
from tests.support.exec_process import exec_process, next_line
from tests.support.redis_client import answers

if TYPE_CHECKING:
    import contextlib
    import subprocess
    from collections.abc import Callable

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)


def exec_with_redis(
    emulators: RedisEmulators, *arguments: str
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """Run ``rtgmock exec`` with the engine, the ports and the folders of the test."""
    ports = f"{emulators.ports[0]}-{emulators.ports[-1]}"
    options = ("--redis", emulators.engine, "--ports", ports)
    return exec_process(emulators.folder, *options, *arguments, env={"TMPDIR": str(emulators.temporary)})


def test_the_url_works_as_long_as_the_command_runs(
    emulators: RedisEmulators, program: Callable[[str, str], str]
) -> None:
    program("redis", "redis-cli")
    show = 'echo "$REDISTOGO_URL"; redis-cli -u "$REDISTOGO_URL" ping'

    with exec_with_redis(emulators, "--plan", "nano", "--", "sh", "-c", show) as process:
        out, err = process.communicate(timeout=60)

    url, pong = out.split()
    assert (process.returncode, pong) == (0, "PONG"), err
    assert not answers(url)
    assert emulators.leaks() == []


@only_process
def test_a_boot_delay_keeps_no_redis_from_the_command(
    emulators: RedisEmulators, program: Callable[[str, str], str]
) -> None:
    ping = f'{program("redis", "redis-cli")} -u "$REDIS_URL" ping'

    with exec_with_redis(emulators, "--plan", "nano", "--boot-delay", "3600", "--", "sh", "-c", ping) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, "PONG\n"), err


@only_process
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"])
def test_whatever_ends_it_no_redis_is_left(emulators: RedisEmulators, name: str) -> None:
    with exec_with_redis(emulators, "--plan", "nano", "--", "sh", "-c", 'echo "$REDIS_URL"; exec sleep 60') as process:
        url = next_line(process)
        assert answers(url)
        process.send_signal(getattr(signal, name))
        process.wait(DEADLINE)

    assert until(lambda: emulators.running() == 0)
    assert not answers(url)
    if name == "SIGKILL":
        for folder in emulators.temporary.iterdir():  # what prune is for
            shutil.rmtree(folder)


@only_process
def test_a_signal_before_the_command_starts_keeps_it_from_starting(
    emulators: RedisEmulators, program: Callable[[str, str], str]
) -> None:
    server = program("redis", "redis-server")
    slow = emulators.folder / "slow-redis"
    script = [
        "#!/bin/sh",
        "test $1 = - && : > asked",
        "while test $1 = - && ! test -e ../go; do sleep 0.01; done",
        f'exec {server} "$@"',
    ]
    slow.write_text("\n".join(script))
    slow.chmod(0o755)

    with exec_with_redis(
        emulators, "--redis-server", str(slow), "--plan", "nano", "--", "sh", "-c", "echo x"
    ) as process:
        [home] = until(lambda: [asked.parent for asked in emulators.temporary.glob("*/*/asked")])
        process.terminate()
        until(lambda: not pending(process.pid))
        (home.parent / "go").touch()
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (128 + signal.SIGTERM, "", "")


def pending(number: int) -> int:
    """The signals that a process was sent and has not seen yet, as a mask."""
    status = Path(f"/proc/{number}/status").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in status if line.startswith(("SigPnd:", "ShdPnd:")))
