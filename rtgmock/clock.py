"""Time, passed in to whatever needs it, so that a test decides what time it is."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the emulator asks of time."""

    def now(self) -> datetime:
        """The present moment in UTC, as created_at and the boot delay see it."""
        ...

    def ticks(self) -> float:
        """Seconds that only ever rise, for measuring how long something took."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Seconds since some fixed point."""
        return time.monotonic()


class ControlledClock:
    """Another clock's time, which can be frozen, set and advanced; measured seconds stay what they are."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """The present moment in UTC, as far as anybody here is concerned."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        return self._frozen or self._base.now() + self._offset

    def ticks(self) -> float:
        """Seconds since some fixed point."""
        return self._base.ticks()

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen is not None

    def freeze(self) -> None:
        """Let time stand still."""
        with self._lock:
            self._frozen = self._now()

    def thaw(self) -> None:
        """Let time go on from where it is."""
        with self._lock:
            self._offset, self._frozen = self._now() - self._base.now(), None

    def set(self, moment: datetime) -> None:
        """Go to a moment, forth or back; time that stands still stands still there."""
        with self._lock:
            if self._frozen:
                self._frozen = moment.astimezone(UTC)
            else:
                self._offset = moment - self._base.now()

    def advance(self, seconds: float) -> None:
        """Move the time forward, or back by negative seconds. Raises OverflowError outside of the years 1 to 9999."""
        step = timedelta(seconds=seconds)
        with self._lock:
            moment = self._now() + step  # also when it runs, to find out whether the calendar has it
            if self._frozen:
                self._frozen = moment
            else:
                self._offset += step

    def reset(self) -> None:
        """Show the other clock's own time again."""
        with self._lock:
            self._offset, self._frozen = timedelta(), None


def timestamp(moment: datetime) -> str:
    """A moment as the service printed it: UTC, whole seconds, ``2010-12-20T00:35:22Z`` (documented)."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
