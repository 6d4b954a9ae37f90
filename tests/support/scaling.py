"""How the time of an action grows with its input."""

from __future__ import annotations

import contextlib
import gc
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

FACTOR = 4
"""How many times as large the larger of the two inputs is. With 2, linear and quadratic time are within the noise of
two processes that share a core's cache."""
SIZE = 8 * 2**10
"""The size of the smaller of the two inputs that are compared."""
MAX_GROWTH = 6.0
"""How many times as long an action with linear time may take for ``FACTOR`` times the input: 4, and half of it for
noise. With quadratic time it is 16."""
_NEGLIGIBLE = 0.0002
ROUNDS = 100
"""Most measurements. A machine may be half as quick for some seconds: each of the two needs one outside of these."""
_MAX_TIME = 10.0
"""Seconds of CPU time after which no further round begins."""
_MIN_TIME = 0.002
"""Seconds that one measurement takes at least, so that the clock's steps and a cold start don't matter."""


def growth(
    action: Callable[[T], object],
    make: Callable[[int], T],
    size: int = SIZE,
    *,
    enough: float = MAX_GROWTH,
    rounds: int = ROUNDS,
) -> float:
    """Return how many times as long ``action`` takes for ``FACTOR`` times the input, by this thread's CPU time.

    The best of several measurements is compared, since other processes can only make one longer. It ends as soon as
    the growth is at most ``enough``. It is 0 for an action whose time is too short to depend on more than the memory's
    speed.
    """
    inputs = make(size), make(FACTOR * size)
    best = [float("inf")] * 2
    with without_garbage_collection():  # it would read all objects of the tests in one of the measurements
        end = time.thread_time() + _MAX_TIME
        for _ in range(rounds):
            best = [min(known, cpu_time(action, value)) for known, value in zip(best, inputs, strict=True)]
            if best[1] <= max(enough * best[0], _NEGLIGIBLE) or time.thread_time() > end:
                break
    return 0.0 if best[1] <= _NEGLIGIBLE else best[1] / best[0]


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Collect no garbage in the block, and so call no one who wants to know when that happens, as Hypothesis does."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def cpu_time(action: Callable[[T], object], value: T, *, least: float = _MIN_TIME) -> float:
    """Return the seconds of CPU time that ``action`` takes in this thread: the mean of calls that take ``least``."""
    calls, started = 0, time.thread_time()
    while True:
        action(value)
        calls += 1
        taken = time.thread_time() - started
        if taken >= least:
            return taken / calls


def repeated(unit: str, end: str = "", begin: str = "") -> Callable[[int], str]:
    """Return a function that makes a text of a given size: ``begin``, as many ``unit`` as fit, and ``end``."""
    return lambda size: begin + unit * ((size - len(begin) - len(end)) // len(unit)) + end


def numbered(unit: str, separator: str, begin: str = "", end: str = "") -> Callable[[int], str]:
    """Return a function that makes a text of a given size of numbered units, all of which differ."""

    def make(size: int) -> str:
        count = (size - len(begin) - len(end)) // (len(unit.format(10_000)) + len(separator))
        return begin + separator.join(unit.format(10_000 + number) for number in range(count)) + end

    return make
