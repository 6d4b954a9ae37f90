"""``rtgmock exec``: the signals that it relays to its command."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from rtgmock.cli.signals import SignalRelay
from tests.support.command import DEADLINE, until
from tests.support.exec_process import PRINT_SIGNALS, exec_process, next_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def handlers() -> Iterator[None]:
    """This process's own answers to signals come back after the test."""
    numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


class Sent(list[int]):
    """A command that remembers what it was sent, and that the second signal ends."""

    send_signal = list.append

    @property
    def returncode(self) -> int | None:
        return 0 if len(self) > 1 else None

    def wait(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_relayed_and_the_command_decides(tmp_path: Path, name: str) -> None:
    with exec_process(tmp_path, sys.executable, "-c", PRINT_SIGNALS, name) as process:
        assert next_line(process) == "ready"
        for _ in range(2):
            process.send_signal(getattr(signal, name))
            assert next_line(process) == f"got {name}"
        process.communicate("\n", DEADLINE)

    assert process.returncode == 0


def test_a_command_that_a_signal_ends_is_128_and_the_signal(tmp_path: Path) -> None:
    with exec_process(tmp_path, "sh", "-c", "echo ready; exec sleep 60") as process:
        assert next_line(process) == "ready"
        process.terminate()

        assert process.wait(DEADLINE) == 128 + signal.SIGTERM


def test_a_signal_that_is_ignored_is_ignored_by_both(tmp_path: Path) -> None:
    script = "echo ready; read line"
    with exec_process(tmp_path, "sh", "-c", script, ignored=[signal.SIGHUP]) as process:
        assert next_line(process) == "ready"
        process.send_signal(signal.SIGHUP)
        process.communicate("\n", DEADLINE)

    assert process.returncode == 0


def test_a_kill_ends_the_command_as_well(tmp_path: Path) -> None:
    with exec_process(tmp_path, "sh", "-c", "echo $$; exec sleep 60") as process:
        command = psutil.Process(int(next_line(process)))
        process.kill()
        process.wait(DEADLINE)

        assert until(lambda: not command.is_running() or command.status() == psutil.STATUS_ZOMBIE)


def test_a_signal_that_comes_while_the_command_is_being_started_is_not_lost(handlers: None) -> None:
    command = Sent()

    with SignalRelay() as relay:
        signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one would end us
        assert relay.wait(command) == 0  # type: ignore[arg-type]

    assert command == [signal.SIGTERM, signal.SIGTERM]
