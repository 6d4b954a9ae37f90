"""Locks by key, and the lock that many threads share or one has alone."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rtgmock.locks import KeyedLocks, SharedLock

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

DEADLINE = 10.0


def test_a_key_has_one_lock_and_another_key_another() -> None:
    locks = KeyedLocks(threading.RLock)
    first = locks.of("a")

    assert locks.of("a") is first
    assert locks.of("b") is not first


def test_a_lock_that_no_thread_uses_is_not_kept() -> None:
    locks = KeyedLocks(threading.RLock)
    with locks.of("a"):
        assert len(locks._locks) == 1
    gc.collect()

    assert len(locks._locks) == 0


class Holder:
    """A thread that holds a lock until it is told to release it."""

    def __init__(self, pool: ThreadPoolExecutor, lock: AbstractContextManager[None]) -> None:
        self._held, self._release = threading.Event(), threading.Event()
        self._lock = lock
        self._done = pool.submit(self._hold)

    def _hold(self) -> None:
        with self._lock:
            self._held.set()
            assert self._release.wait(DEADLINE)

    def holds(self, timeout: float = DEADLINE) -> bool:
        return self._held.wait(timeout)

    def release(self) -> None:
        self._release.set()
        self._done.result(DEADLINE)


def test_many_threads_share_a_lock_and_one_that_wants_it_alone_waits_for_all() -> None:
    lock = SharedLock()
    with ThreadPoolExecutor() as pool:
        sharers = [Holder(pool, lock.shared()) for _ in range(2)]
        assert all(sharer.holds() for sharer in sharers)
        alone = Holder(pool, lock.exclusive())

        sharers[0].release()
        assert not alone.holds(0.05)
        sharers[1].release()
        assert alone.holds()
        alone.release()


def test_new_threads_wait_for_one_that_waits_for_the_lock_alone() -> None:
    lock = SharedLock()
    with ThreadPoolExecutor() as pool:
        sharer = Holder(pool, lock.shared())
        assert sharer.holds()
        alone = Holder(pool, lock.exclusive())
        assert not alone.holds(0.05)
        late = Holder(pool, lock.shared())

        assert not late.holds(0.05)
        sharer.release()
        assert alone.holds()
        assert not late.holds(0.05)
        alone.release()
        assert late.holds()
        late.release()
