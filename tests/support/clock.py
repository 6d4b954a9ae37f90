"""A clock that stands still until a test advances it."""

from datetime import UTC, datetime, timedelta

START = datetime(2010, 12, 20, 0, 35, 22, tzinfo=UTC)


class ManualClock:
    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._start = start

    def now(self) -> datetime:
        return self._now

    def ticks(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
