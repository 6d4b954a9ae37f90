"""A deadline that counts only the time in which this process runs: one that is suspended for minutes misses none."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEP = 0.1
"""Seconds of a step. However long the process is suspended, it is at most one step later."""


class Patience:
    """Calls ``give_up`` in a thread of its own when what is waited for has not come after some seconds."""

    def __init__(self, seconds: float, give_up: Callable[[], object]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        self._begun: object = None
        """What tells a wait from others, while there is one."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._is_exhausted = False

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time of the block. Raises TimeoutError in place of the error to which giving up has led."""
        self._begun = object()
        try:
            yield
        except Exception as error:
            if self._is_exhausted:
                raise TimeoutError(f"nothing came for {self._seconds:g} seconds") from error
            raise
        finally:
            self._begun = None

    def _count(self) -> None:
        counted, steps = None, 0
        while not self._over.wait(_STEP):
            steps = steps + 1 if self._begun is counted else 0
            counted = self._begun
            if counted is not None and steps * _STEP >= self._seconds:
                self._is_exhausted = True
                self._give_up()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
