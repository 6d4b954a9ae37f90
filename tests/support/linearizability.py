"""A check whether a history of concurrent operations could have happened one after the other (Wing and Gong, 1993).

Each operation must have its effect at one moment between its call and its answer. The check looks for an order of the
operations that agrees with this and in which each answer is what a sequential specification says. States that were
seen with the same operations done are not tried again (Lowe, 2016).
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

State = Hashable
Apply = Callable[[State, Any, Any], State | None]
"""Returns the state after a request with an answer, None if that answer isn't right. The answer may be ``UNKNOWN``."""
T = TypeVar("T")

UNKNOWN = "unknown"
"""The answer that never came: the operation has had its effect at some time after the call, or never."""


@dataclass(frozen=True)
class Operation:
    """A request, its answer, and the moments at which it was called and answered."""

    request: Any
    answer: Any
    called: float
    answered: float = math.inf


@dataclass
class History:
    """The operations of several threads."""

    operations: list[Operation] = field(default_factory=list)
    _moments: itertools.count[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, request: Any, perform: Callable[[], T]) -> T:
        """Perform an operation and note it; one that raises an error is noted with the answer ``UNKNOWN``."""
        called, answered, answer = self._moment(), math.inf, UNKNOWN
        try:
            result = perform()
            answer, answered = result, self._moment()  # type: ignore[assignment]
            return result
        finally:
            self.operations.append(Operation(request, answer, called, answered))

    def _moment(self) -> int:
        with self._lock:
            return next(self._moments)


def is_linearizable(history: list[Operation], initial: State, apply: Apply) -> bool:
    """Return whether there is an order of the operations in which each answer is right."""
    tried: set[tuple[int, State]] = set()
    everything = sum(1 << number for number, operation in enumerate(history) if operation.answer != UNKNOWN)
    stack: list[tuple[int, State]] = [(0, initial)]
    while stack:
        done, state = stack.pop()
        if done & everything == everything:
            return True
        for number in _possible(history, done):
            after = apply(state, history[number].request, history[number].answer)
            step = (done | 1 << number, after)
            if after is not None and step not in tried:
                tried.add(step)
                stack.append(step)
    return False


def _possible(history: list[Operation], done: int) -> list[int]:
    """Return the operations that may be next: those that were called before any that is left was answered."""
    left = [number for number in range(len(history)) if not done >> number & 1]
    first = min(history[number].answered for number in left)
    return [number for number in left if history[number].called < first]
