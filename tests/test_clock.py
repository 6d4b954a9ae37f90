"""The clock that tests set, freeze and advance."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from rtgmock.clock import ControlledClock, timestamp
from tests.support.clock import START, ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS, ROUNDS = 8, 500


@pytest.fixture
def clock() -> ControlledClock:
    return ControlledClock(ManualClock())


@pytest.fixture
def frequent_thread_switches() -> Iterator[None]:
    """Switch threads as often as the interpreter can, so that a lost update shows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("frequent_thread_switches")
@pytest.mark.parametrize("frozen", [False, True], ids=["running", "frozen"])
def test_no_advance_is_lost_when_many_threads_advance_at_once(clock: ControlledClock, frozen: bool) -> None:
    if frozen:
        clock.freeze()
    barrier = Barrier(THREADS)

    def advance() -> None:
        barrier.wait()
        for _ in range(ROUNDS):
            clock.advance(1)

    with ThreadPoolExecutor(THREADS) as pool:
        for advanced in [pool.submit(advance) for _ in range(THREADS)]:
            advanced.result()

    assert clock.now() - START == timedelta(seconds=THREADS * ROUNDS)


def test_time_goes_on_after_an_advance() -> None:
    base = ManualClock()
    clock = ControlledClock(base)
    clock.advance(60)
    base.advance(1)

    assert clock.now() - START == timedelta(seconds=61)


def test_a_frozen_clock_stands_still_until_it_is_thawed() -> None:
    base = ManualClock()
    clock = ControlledClock(base)
    clock.freeze()
    base.advance(10)
    assert (clock.now(), clock.frozen) == (START, True)
    clock.advance(5)
    assert clock.now() - START == timedelta(seconds=5)
    clock.thaw()
    base.advance(1)

    assert (clock.now() - START, clock.frozen) == (timedelta(seconds=6), False)


def test_ticks_are_those_of_the_base_clock(clock: ControlledClock) -> None:
    clock.advance(60)

    assert clock.ticks() == 0


def test_a_reset_returns_to_the_base_clock(clock: ControlledClock) -> None:
    clock.set(datetime(2012, 9, 21, tzinfo=UTC))
    clock.freeze()
    clock.reset()

    assert (clock.now(), clock.frozen) == (START, False)


@pytest.mark.parametrize("seconds", [1e12, -1e12, 1e300])
def test_an_advance_beyond_the_calendar_is_refused_and_changes_nothing(clock: ControlledClock, seconds: float) -> None:
    with pytest.raises(OverflowError):
        clock.advance(seconds)

    assert clock.now() == START


def test_a_timestamp_is_in_utc_and_whole_seconds() -> None:
    moment = datetime(2010, 12, 20, 1, 35, 22, 999_999, tzinfo=UTC).astimezone()

    assert timestamp(moment) == "2010-12-20T01:35:22Z"
