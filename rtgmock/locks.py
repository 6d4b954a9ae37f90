"""Locks by key, so that work on one thing never waits for work on another; and a shared or exclusive lock."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

Lock = TypeVar("Lock")


class KeyedLocks(Generic[Lock]):
    """One lock for each key, made by ``make_lock``."""

    def __init__(self, make_lock: Callable[[], Lock]) -> None:
        self._make_lock = make_lock
        self._guard = threading.Lock()
        # A lock lives as long as some thread holds it or waits for it, so the locks of deleted instances don't pile up.
        self._locks: WeakValueDictionary[Hashable, Lock] = WeakValueDictionary()

    def of(self, key: Hashable) -> Lock:
        """Return the lock of a key, to be held in a ``with``."""
        with self._guard:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = self._make_lock()
            return lock


class SharedLock:
    """A lock that many threads hold together, or one thread alone. It is not re-entrant.

    A thread that wants it alone waits for those that hold it; from then on new threads wait too, so that it gets
    its turn under any load. A thread that shares the lock must not ask for it again: it could wait for itself.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharers = 0
        self._exclusive = False
        """Whether a thread holds the lock alone, or waits for the sharers to release it."""

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other threads."""
        with self._changed:
            self._changed.wait_for(lambda: not self._exclusive)
            self._sharers += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharers -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone; other threads wait."""
        with self._changed:
            self._changed.wait_for(lambda: not self._exclusive)
            self._exclusive = True
            self._changed.wait_for(lambda: self._sharers == 0)
        try:
            yield
        finally:
            with self._changed:
                self._exclusive = False
                self._changed.notify_all()
