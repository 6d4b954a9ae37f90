"""Running a command with an emulator of its own: what it is told, what signals it gets, and how it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Self

from rtgmock import child_environment
from rtgmock.emulator import Emulator
from rtgmock.errors import RequestError, StartupError
from rtgmock.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import Log

_SIGNALLED = 128
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127


_BY_KEY = {signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGINT)}
"""What a terminal sends to all processes in its foreground: Ctrl-C and Ctrl-\\."""


class Relay:
    """Passes the signals that would end this process on to the command.

    A Ctrl-C in a terminal reaches the command by itself, since it is in our process group, and is not sent twice.
    """

    def __init__(self) -> None:
        self.early: list[int] = []
        """What came before there was a command; when it comes again, it ends this process at once."""
        self._command: subprocess.Popen[bytes] | None = None
        self._bell, self._button = socket.socketpair()
        self._button.settimeout(0)
        signal.set_wakeup_fd(self._button.fileno(), warn_on_full_buffer=False)
        for name in ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # Whoever started us may have seen to it that a signal is ignored, as nohup does; the command inherits it.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    def to(self, command: subprocess.Popen[bytes]) -> int:
        """Send the command what came while it was being started, and what comes until it ends; its return code."""
        self._command = command
        for number in self.early:
            signal.signal(number, self._handle)
            command.send_signal(number)
        # A signal that came just before a wait for the command began would be handled after it. This wait it ends.
        waiting = threading.Thread(target=self._await, args=(command,), name="rtgmock-command")
        waiting.start()
        while command.returncode is None:
            self._bell.recv(64)
        waiting.join()
        return command.returncode

    def _await(self, command: subprocess.Popen[bytes]) -> None:
        command.wait()
        with contextlib.suppress(BlockingIOError):  # it rings already
            self._button.send(b".")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        signal.set_wakeup_fd(-1)
        self._bell.close()
        self._button.close()

    def _handle(self, number: int, _frame: object) -> None:
        if self._command is None:
            signal.signal(number, signal.SIG_DFL)
            self.early.append(number)
        elif not (number in _BY_KEY and _in_foreground()):
            self._command.send_signal(number)


def _in_foreground() -> bool:
    """Whether keys that are pressed in the terminal reach this process, and so the command."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def run(
    config: Config, command: Sequence[str], plan: str | None, log: Log | None, report: Callable[[str], None]
) -> int:
    """Run a command to its end, with an emulator and, for a plan, an instance; its exit code, as a shell has it.

    ``report`` is told why a command cannot be run, and of what takes long. Raises StartupError.
    """
    with Relay() as relay, Emulator(config, log=log, report=report) as emulator:
        variables = child_environment.without_settings(os.environ) | child_environment.of_emulator(emulator)
        if plan:
            variables |= child_environment.of_instance(_instance(emulator, plan))
        if relay.early:
            return _SIGNALLED + relay.early[0]
        try:
            # Bound to us: were we killed, it would go on without an emulator.
            process = subprocess.Popen(command, env=variables, preexec_fn=die_with_parent())  # noqa: S603, PLW1509
        except OSError as error:
            return _cannot_run(command[0], error, report)
        code = relay.to(process)
    return code if code >= 0 else _SIGNALLED - code


def _instance(emulator: Emulator, plan: str) -> str:
    try:
        return str(emulator.create(plan=plan)["url"])
    except RequestError as error:
        raise StartupError(f"no instance can be made: {error}") from error


def _cannot_run(name: str, error: OSError, report: Callable[[str], None]) -> int:
    if isinstance(error, FileNotFoundError):
        report(f"rtgmock: there is no command {name}; write it as in a shell: rtgmock exec -- COMMAND...")
        return _NOT_FOUND
    report(f"rtgmock: {name} cannot be run: {error.strerror}; name a program: rtgmock exec -- COMMAND...")
    return _NOT_EXECUTABLE
