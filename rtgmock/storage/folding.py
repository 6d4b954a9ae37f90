"""The thread that folds the journal of changes into the state file."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class FoldingThread:
    """Calls ``fold`` when no commit has come for ``idle`` seconds, and at once when the journal is large.

    The thread begins with the first commit, so that a state which nobody changes has none.
    """

    def __init__(self, fold: Callable[[], None], idle: float, now: Callable[[], float] = time.monotonic) -> None:
        self._fold, self._idle, self._now = fold, idle, now
        self._changed = threading.Condition()
        self._last_commit = 0.0
        self._has_commits = self._is_large = self._is_stopped = False
        self._thread: threading.Thread | None = None

    def notify(self, *, is_large: bool) -> None:
        """Say that there was a commit, and whether the journal is too large now."""
        with self._changed:
            self._last_commit = self._now()
            # A thread that waits for a rest looks for itself how long ago the last commit was: it is not woken by each.
            if is_large or not self._has_commits:
                self._has_commits, self._is_large = True, is_large
                self._changed.notify()
            if self._thread is None and not self._is_stopped:
                self._thread = threading.Thread(target=self._run, name="rtgmock-fold", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread; a fold that is under way is finished first."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while self._await_reason():
            self._fold()

    def _await_reason(self) -> bool:
        """Wait until there is a reason to fold; return false when the thread has to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_commits or self._is_stopped)
            while not (self._is_large or self._is_stopped):
                rest = self._last_commit + self._idle - self._now()
                if rest <= 0:
                    break
                self._changed.wait(rest)
            self._has_commits = self._is_large = False
            return not self._is_stopped
