"""``rtgmock exec`` in a terminal: Ctrl-C, Ctrl-Z, and who reads what is typed."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import psutil

from tests.support.command import PROGRAM, until
from tests.support.exec_process import PRINT_SIGNALS
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_ctrl_c_reaches_the_command_once(tmp_path: Path) -> None:
    with Terminal(tmp_path, *PROGRAM, "exec", sys.executable, "-c", PRINT_SIGNALS, "SIGINT", "SIGTERM") as terminal:
        terminal.await_text("ready")
        terminal.process.send_signal(signal.SIGSTOP)  # so that a second one would come when the first has been seen
        terminal.press("\x03")
        terminal.await_text("got SIGINT")
        terminal.process.send_signal(signal.SIGCONT)
        terminal.process.terminate()  # passed on after what was to be passed on before
        assert "SIGINT" not in terminal.await_text("got SIGTERM")
        terminal.press("\n")
        assert terminal.wait() == 0


def test_ctrl_c_that_ends_the_command_ends_all(tmp_path: Path) -> None:
    with Terminal(tmp_path, *PROGRAM, "exec", "sh", "-c", "echo ready; exec sleep 60") as terminal:
        terminal.await_text("ready")
        terminal.press("\x03")
        assert terminal.wait() == 128 + signal.SIGINT


def test_a_command_reads_from_the_terminal(tmp_path: Path) -> None:
    script = "test -t 0 && test -t 1 && test -t 2 && echo ready; read line; echo got $line"
    with Terminal(tmp_path, *PROGRAM, "exec", "sh", "-c", script) as terminal:
        terminal.await_text("ready")
        terminal.press("fish\n")
        terminal.await_text("got fish")
        assert terminal.wait() == 0


def test_ctrl_z_stops_it_and_fg_goes_on(tmp_path: Path) -> None:
    with Terminal(tmp_path, "sh", "-mi") as terminal:
        terminal.press(f'{" ".join(PROGRAM)} exec sh -c \'echo rea""dy; read line; echo g""ot $line\'\n')
        terminal.await_text("ready")
        terminal.press("\x1a")
        terminal.await_text("Stopped")
        shell = psutil.Process(terminal.process.pid)
        assert until(lambda: {child.status() for child in shell.children(recursive=True)} == {psutil.STATUS_STOPPED})
        terminal.press("fg\n")
        assert until(lambda: psutil.STATUS_STOPPED not in {child.status() for child in shell.children(recursive=True)})
        terminal.press("fish\n")
        terminal.await_text("got fish")
        terminal.press("exit\n")
        assert terminal.wait() == 0
