"""The thread that has the instances' lost Redis servers brought back."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rtgmock.errors import RequestError

if TYPE_CHECKING:
    from rtgmock.service.supervisor import Supervisor

INTERVAL = 0.5
"""Seconds after which it is tried again to remove what instances that are gone have left."""
_MAX_JOBS = 32
"""How many instances are seen to at the same time. Most jobs wait, for a server that starts or for a request's end."""


class Watcher:
    """Has the supervisor see to each instance that the engine's monitor reports, each in a thread of its own.

    What one of them waits for keeps no other waiting.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._reported: set[int] = set()
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, and the engine's monitor."""
        self._thread = threading.Thread(target=self._run, name="rtgmock-watch", daemon=True)
        self._thread.start()
        self._supervisor.monitor(self._report)

    def stop(self) -> None:
        """Let the thread end after its current jobs, without waiting for it."""
        self._stopping = True
        self._wake.set()

    def join(self) -> None:
        """Wait until the thread has ended, if it was started. Redis servers that are starting are given up."""
        if self._thread is not None:
            self._supervisor.cancel_starts()
            self._thread.join()

    def _report(self, instance_id: int) -> None:
        with self._lock:
            self._reported.add(instance_id)
        self._wake.set()

    def _run(self) -> None:
        with ThreadPoolExecutor(_MAX_JOBS, "rtgmock-revive") as pool:
            while not self._stopping:
                self._wake.wait(INTERVAL)
                self._wake.clear()
                for instance_id in self._next_jobs():
                    pool.submit(self._see_to, instance_id)

    def _next_jobs(self) -> set[int]:
        """Return the instances that need something and have no job yet, and note that they have one."""
        with self._lock:
            jobs = (self._reported | self._supervisor.leftovers()) - self._busy
            self._reported.clear()  # one that has a job is reported again if that was in vain
            self._busy |= jobs
            return jobs

    def _see_to(self, instance_id: int) -> None:
        try:
            if not self._stopping:
                self._supervisor.see_to(instance_id)
        except RequestError:
            pass  # the engine is away or the disk full: requests get the error; a log line for each try adds nothing
        except Exception:
            logging.getLogger("rtgmock").exception("instance %d could not be seen to", instance_id)
        finally:
            with self._lock:
                self._busy.discard(instance_id)
