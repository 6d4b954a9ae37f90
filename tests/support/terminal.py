"""A terminal for a program under test: presses keys and reads what the program shows."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

from tests.support.command import DEADLINE, environment, reset_signals

if TYPE_CHECKING:
    from pathlib import Path

_TAKE_IT = "import os, sys; os.login_tty(0); os.execvp(sys.argv[1], sys.argv[1:])"
"""Runs a program with its standard input as its controlling terminal, as a login does."""


class Terminal:
    """Runs a program in a new terminal; kills it at the end of the context."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_IT, *arguments],
            cwd=folder,
            env=environment(TERM="dumb"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=reset_signals,  # noqa: PLW1509 - the tests start processes from one thread only
        )
        os.close(theirs)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def await_text(self, text: str) -> str:
        """Read until ``text`` is shown and return what was shown before it, since the previous call."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.shown:
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"{text!r} is not shown, but {self.shown!r}")
        before, _, self.shown = self.shown.partition(text)
        return before

    def _read(self) -> bool:
        """Read once, for at most 50 ms; return False when the program has closed the terminal."""
        if select.select([self._ours], [], [], 0.05)[0]:
            try:
                more = os.read(self._ours, 4096)
            except OSError:  # Linux's way to say that the other side is closed
                return False
            self.shown += more.decode(errors="replace")
            return bool(more)
        return True

    def wait(self) -> int:
        return self.process.wait(DEADLINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._ours)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
