"""The thread that writes the log, so that no other thread waits for the standard error.

Why not ``logging.handlers.QueueListener``: it wakes its thread for each line, which takes 40 microseconds of a request
instead of 7. Its ``stop`` waits without a deadline, and so does the end of a process for a handler that is writing.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SIZE = 2**20
"""Characters of the lines that may wait to be written; further lines are dropped."""
_GATHERING_TIME = 0.05
"""Seconds for which lines are gathered, so that a busy server wakes the thread 20 times a second and not 5,000."""
_CLOSE_TIMEOUT = 1.0
"""Seconds that the end of the process waits for a reader of the last lines."""


class LogWriter:
    """Writes lines to a file descriptor in their order. It drops lines that nobody reads, and counts them.

    ``notice`` makes the line that says how many were dropped. It is written in their place once writing goes on.
    """

    def __init__(self, descriptor: int, encoding: str, notice: Callable[[int], str]) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._notice = notice
        self._lock = threading.RLock()  # a warning may be logged while a line is added
        self._changed = threading.Condition(self._lock)
        self._lines: list[str] = []
        self._size = 0
        self._dropped = 0
        self._closed = False
        self._thread = self._start(self._run)

    def write(self, line: str) -> None:
        """Have a line written, without waiting for it. After ``close``, wait for it as ``close`` does."""
        with self._lock:  # the condition's own "with" takes longer
            if not self._closed:
                self._add(line)
                return
        if not self._thread.is_alive():  # otherwise nobody reads the lines before it
            self._thread = self._start(lambda: self._write([line]))
            self._thread.join(_CLOSE_TIMEOUT)

    def close(self) -> None:
        """Wait until the lines are written, but for a second at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_CLOSE_TIMEOUT)

    @staticmethod
    def _start(run: Callable[[], None]) -> threading.Thread:
        # A daemon that uses none of Python's streams: a write that blocks must not keep the process from its end.
        thread = threading.Thread(target=run, name="rtgmock-log", daemon=True)
        thread.start()
        return thread

    def _add(self, line: str) -> None:
        if self._size >= MAX_SIZE:
            self._dropped += 1
            return
        self._lines.append(line)
        self._size += len(line)
        if len(self._lines) == 1:
            self._changed.notify()

    def _run(self) -> None:
        while lines := self._take():
            self._write(lines)

    def _take(self) -> list[str]:
        """Wait for lines, and return all that are there; none once the writer is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._closed)
            self._changed.wait_for(lambda: self._closed, _GATHERING_TIME)
            lines, self._lines, self._size = self._lines, [], 0
            if self._dropped:
                lines.append(self._notice(self._dropped))
                self._dropped = 0
            return lines

    def _write(self, lines: list[str]) -> None:
        data = memoryview("\n".join([*lines, ""]).encode(self._encoding, "backslashreplace"))
        # When the reader is gone, as in `rtgmock serve 2>&1 | head`, serving goes on without a log.
        with contextlib.suppress(OSError):
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:  # another process that shares the pipe has made it non-blocking
                    select.select([], [self._descriptor], [])
