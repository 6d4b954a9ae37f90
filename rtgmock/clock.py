"""Time, passed in to whatever needs it, so that a test decides what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
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


def timestamp(moment: datetime) -> str:
    """A moment as the service printed it: UTC, whole seconds, ``2010-12-20T00:35:22Z`` (documented)."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
