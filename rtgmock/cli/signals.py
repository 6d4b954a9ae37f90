"""Signals: those that stop ``serve``, and their relay to the command of ``exec``."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

_FROM_KEYBOARD = {signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGINT)}
"""The signals that a terminal sends to all processes in its foreground: Ctrl-C and Ctrl-\\."""


def stop_on_signals() -> threading.Event:
    """Return an event that the first signal to stop sets; the second one ends the process at once."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    _set_handler(handle, "SIGINT", "SIGTERM", "SIGHUP")
    return stop


def _set_handler(handler: Callable[[int, object], None], *names: str) -> None:
    for name in names:
        number = getattr(signal, name, None)  # Windows lacks some of them
        # An ignored signal stays ignored: the parent process, as nohup, has chosen that, and children inherit it.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


class SignalRelay:
    """Passes the signals that would end this process on to a command.

    A Ctrl-C in a terminal reaches the command directly, since it is in our process group, and is not sent twice.
    """

    def __init__(self) -> None:
        self.early: list[int] = []
        """The signals that arrived before the command was started. A second one of a kind ends this process at once."""
        self._command: subprocess.Popen[bytes] | None = None
        # A signal writes a byte to this socket, and so does the end of the command: waiting for both is one read.
        self._wakeup_reader, self._wakeup_writer = socket.socketpair()
        self._wakeup_writer.settimeout(0)
        signal.set_wakeup_fd(self._wakeup_writer.fileno(), warn_on_full_buffer=False)
        _set_handler(self._handle, "SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP")

    def wait(self, command: subprocess.Popen[bytes]) -> int:
        """Relay signals to the command until it ends, the early ones first; return its return code."""
        self._command = command
        for number in self.early:
            signal.signal(number, self._handle)
            command.send_signal(number)
        # Handlers run between two instructions of this thread. If it waited for the command itself, a signal that
        # arrived just before that wait would be handled after it. So a thread waits, and this one reads the socket.
        waiter = threading.Thread(target=self._await_end, args=(command,), name="rtgmock-command")
        waiter.start()
        while command.returncode is None:
            self._wakeup_reader.recv(64)
        waiter.join()
        return command.returncode

    def _await_end(self, command: subprocess.Popen[bytes]) -> None:
        command.wait()
        with contextlib.suppress(BlockingIOError):  # the buffer is full, so the reader wakes up anyway
            self._wakeup_writer.send(b".")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        signal.set_wakeup_fd(-1)
        self._wakeup_reader.close()
        self._wakeup_writer.close()

    def _handle(self, number: int, _frame: object) -> None:
        if self._command is None:
            signal.signal(number, signal.SIG_DFL)
            self.early.append(number)
        elif not (number in _FROM_KEYBOARD and _in_foreground()):
            self._command.send_signal(number)


def _in_foreground() -> bool:
    """Return whether keys that are pressed in the terminal signal this process, and so the command."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
