"""The end of child processes, known at once and without polling."""

from __future__ import annotations

import os
import selectors
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable


class ChildEnds:
    """Calls a function when a child process has ended.

    On Linux one thread waits for all children, by their file descriptors (``pidfd_open(2)``). Elsewhere each child has
    a thread that waits for it. No signal handler is needed, which only the main thread of a program could set.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake_reader, self._wake_writer = os.pipe()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._arrivals: list[tuple[int, Callable[[], None]]] = []

    def watch(self, process: subprocess.Popen[bytes], report: Callable[[], None]) -> None:
        """Call ``report`` once when the process has ended, from another thread."""
        descriptor = _open_process(process.pid)
        if descriptor is None:
            threading.Thread(target=_wait, args=(process, report), name="rtgmock-child", daemon=True).start()
            return
        with self._lock:
            self._arrivals.append((descriptor, report))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rtgmock-children", daemon=True)
                self._thread.start()
        os.write(self._wake_writer, b"+")

    def close(self) -> None:
        """End the thread; nothing is reported any more."""
        if self._thread is not None:
            os.write(self._wake_writer, b".")
            self._thread.join()
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        for descriptor, _ in self._arrivals:
            os.close(descriptor)
        self._selector.close()
        os.close(self._wake_writer)

    def _run(self) -> None:
        # Only this thread changes the selector.
        while True:
            for key, _ in self._selector.select():
                if key.fd != self._wake_reader:
                    self._selector.unregister(key.fd)
                    os.close(key.fd)
                    key.data()
                elif b"." in os.read(self._wake_reader, 1024):
                    return
                else:
                    self._take_arrivals()

    def _take_arrivals(self) -> None:
        with self._lock:
            arrivals, self._arrivals = self._arrivals, []
        for descriptor, report in arrivals:
            self._selector.register(descriptor, selectors.EVENT_READ, report)


def _open_process(number: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends; None where the system has none."""
    try:
        return os.pidfd_open(number)
    except (AttributeError, OSError):  # not on this system, or an old or restricted kernel
        return None


def _wait(process: subprocess.Popen[bytes], report: Callable[[], None]) -> None:
    process.wait()
    report()
