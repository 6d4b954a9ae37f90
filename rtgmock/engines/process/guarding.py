"""The emulator's side of the guard: it tells that which servers there are."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPT = Path(__file__).with_name("guard.py")
_END_TIMEOUT = 2.0


class Guard:
    """Starts the guard with the first server, and again if it was killed. ``environment`` returns its environment."""

    def __init__(self, environment: Callable[[], dict[str, str]]) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._servers: dict[int, Path] = {}

    def add(self, number: int, folder: Path) -> None:
        """Let a server end when the emulator does, given its process id and its folder."""
        with self._lock:
            self._servers[number] = folder
            if self._process is not None and self._process.poll() is None:
                self._tell(_beginning(number, folder))
                return
            self._close()
            self._start()
            for each, place in self._servers.items():
                self._tell(_beginning(each, place))

    def remove(self, number: int) -> None:
        """Forget a server that has ended, before its process id is another process's."""
        with self._lock:
            if self._servers.pop(number, None) is not None:
                self._tell(b"- %d\n" % number)

    def close(self) -> None:
        """End the guard. Servers that are left end too."""
        with self._lock:
            self._close()

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                # Without the user's site-packages and variables for Python, which could make it slow or let it fail.
                [sys.executable, "-I", "-S", str(_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=self._environment(),
                start_new_session=True,  # so that a signal to the emulator's group does not reach it
            )
            os.set_blocking(self._process.stdin.fileno(), False)  # type: ignore[union-attr]
        except OSError as error:
            logging.getLogger("rtgmock").warning(
                "Redis servers that cannot save may outlive an emulator that is killed: %s cannot be run: %s",
                sys.executable,
                error.strerror,
            )

    def _tell(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it was killed; the next server starts it again
                # A pipe takes so short a line as a whole.
                os.write(self._process.stdin.fileno(), line)

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # it is not done with servers that are left
            process.wait(_END_TIMEOUT)


def _beginning(number: int, folder: Path) -> bytes:
    return b"+ %d %s\n" % (number, os.fsencode(folder).replace(b"\n", b"?"))
