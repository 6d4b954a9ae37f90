"""The thread that keeps the instances' Redis servers running."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from rtgmock.service.supervisor import Supervisor

WATCH_INTERVAL = 0.5
"""Seconds between two checks of all Redis servers."""


class Watcher:
    """Has the supervisor reconcile all instances every ``WATCH_INTERVAL`` seconds, in a thread."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._watch, name="rtgmock-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end after its current check, without waiting for it."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the thread has ended, if it was started."""
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_INTERVAL):
            try:
                # While the engine is away, requests for an instance get the error; a log line per check adds nothing.
                with contextlib.suppress(EngineFailed):
                    self._supervisor.reconcile()
            except Exception:
                logging.getLogger("rtgmock").exception("the instances could not be checked")
