"""Answers that take long take turns, so that many of them at once delay a quick one by one of them at most."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING

from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.server.connection import HttpConnection
    from rtgmock.server.request_head import Request

MAX_SECONDS = 0.05
"""The time that a request may take in the loop's thread, where everybody else waits for it."""
LONG_SECONDS = 0.002
"""An answer that takes longer is long. A quick one takes a fraction of it."""
_MAX_GROWTH = 1.5
_MAX_KNOWN = 256
"""Methods and paths whose times are kept."""


class Turns:
    """Answers quick requests at once, and one long request in each turn of the loop.

    How long a request takes is known from earlier ones with its method and path.
    """

    def __init__(self, answer: Callable[[Request, HttpConnection], None]) -> None:
        self._answer = answer
        self._seconds: dict[tuple[str, str], float] = {}
        self._waiting: deque[tuple[Request, HttpConnection]] = deque()

    def answer(self, request: Request, connection: HttpConnection) -> None:
        """Answer a request, now or in a later turn."""
        if self._seconds.get((request.method, request.path), 0.0) < LONG_SECONDS:
            self._answer_now(request, connection)
            return
        self._waiting.append((request, connection))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._answer_next)

    def _answer_next(self) -> None:
        request, connection = self._waiting[0]
        if not connection.closing:
            self._answer_now(request, connection)
        self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer_next)

    def _answer_now(self, request: Request, connection: HttpConnection) -> None:
        begun = time.perf_counter()
        self._answer(request, connection)
        taken, key = time.perf_counter() - begun, (request.method, request.path)
        # Known times grow slowly: a quick answer that was interrupted once must not wait for its turn after that.
        self._seconds[key] = min(taken, _MAX_GROWTH * self._seconds.get(key, taken))
        if len(self._seconds) > _MAX_KNOWN:
            del self._seconds[next(iter(self._seconds))]
        if taken > MAX_SECONDS:
            logging.getLogger("rtgmock").warning(
                "%s %s kept all other requests waiting for %d ms: the machine is busy, or it is a fault of rtgmock",
                printable(request.method),
                printable(request.path, 200),
                taken * 1000,
            )
