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
        return self._frozen or self._running(self._base.now())

    def _running(self, base: datetime) -> datetime:
        """Return the time of a clock that is not frozen. At the end of the year 9999 it stands still."""
        try:
            return base + self._offset
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def base_now(self) -> datetime:
        """Return the time of the base clock in UTC, which ``now`` returns after a reset."""
        return self._base.now()

    def ticks(self) -> float:
        """Return the seconds of the base clock, which no change of the time affects."""
        return self._base.ticks()

    @property
    def frozen(self) -> bool:
        """Whether the time stands still."""
        return self._frozen is not None

    def change(self, moment: datetime | None = None, seconds: float = 0, *, frozen: bool | None = None) -> None:
        """Set the time to a moment, move it forward (back by negative seconds), and freeze it or let it run.

        What is not given stays as it is. Raises OverflowError outside of the years 1 to 9999; then nothing has changed.
        """
        # Under one lock: two threads that advance at once must not lose either step.
        with self._lock:
            base = self._base.now()
            now = moment.astimezone(UTC) if moment else self._frozen or self._running(base)
            now += timedelta(seconds=seconds)
            self._frozen = now if (self.frozen if frozen is None else frozen) else None
            self._offset = now - base

    def freeze(self) -> None:
        """Stop the time at the current moment."""
        self.change(frozen=True)

    def thaw(self) -> None:
        """Let the time run again from where it stands."""
        self.change(frozen=False)

    def set(self, moment: datetime) -> None:
        """Set the time to a moment; a frozen clock stays frozen there."""
        self.change(moment)

    def advance(self, seconds: float) -> None:
        """Move the time forward, or back by negative seconds. Raises OverflowError outside of the years 1 to 9999."""
        self.change(seconds=seconds)

    def reset(self) -> None:
        """Show the base clock's time again, running."""
        with self._lock:
            self._offset, self._frozen = timedelta(), None


def timestamp(moment: datetime) -> str:
    """Return a moment as the service prints it: UTC, whole seconds, ``2010-12-20T00:35:22Z`` (documented)."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"
