"""Clocks. Time is passed in to what needs it, so that a test can decide what time it is."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the emulator needs to know about time."""

    def now(self) -> datetime:
        """Return the current time in UTC, which ``created_at`` and the boot delay follow."""
        ...

    def ticks(self) -> float:
        """Return seconds that never go back, for measuring durations."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return time.monotonic()


class ControlledClock:
    """A clock on top of another one, which can be frozen, set and advanced. Durations stay those of the other.

    Every method may be called from any thread, and changes are atomic.
    """

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Return the current time in UTC, as set, advanced or frozen."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        """Return the current time. The caller must hold the lock."""
        return self._frozen or self._base.now() + self._offset

    def ticks(self) -> float:
        """Return the seconds of the base clock, which no change of the time affects."""
        return self._base.ticks()

    @property
    def frozen(self) -> bool:
        """Whether the time stands still."""
        return self._frozen is not None

    def freeze(self) -> None:
        """Stop the time at the current moment."""
        with self._lock:
            self._frozen = self._now()

    def thaw(self) -> None:
        """Let the time run again from where it stands."""
        with self._lock:
            self._offset, self._frozen = self._now() - self._base.now(), None

    def set(self, moment: datetime) -> None:
        """Set the time to a moment; a frozen clock stays frozen there."""
        with self._lock:
            if self._frozen:
                self._frozen = moment.astimezone(UTC)
            else:
                self._offset = moment - self._base.now()

    def advance(self, seconds: float) -> None:
        """Move the time forward, or back by negative seconds. Raises OverflowError outside of the years 1 to 9999."""
        step = timedelta(seconds=seconds)
        # Read and written under one lock: two threads that advance at once must not lose either step.
        with self._lock:
            moment = self._now() + step  # computed for a running clock too: it raises the OverflowError
            if self._frozen:
                self._frozen = moment
            else:
                self._offset += step

    def reset(self) -> None:
        """Show the base clock's time again, running."""
        with self._lock:
            self._offset, self._frozen = timedelta(), None


def timestamp(moment: datetime) -> str:
    """Return a moment as the service prints it: UTC, whole seconds, ``2010-12-20T00:35:22Z`` (documented)."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"
