"""Records the requests that the HTTP server refused before the application saw them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock.journal.exchange import Body, Exchange
from rtgmock.paths import is_control_path

if TYPE_CHECKING:
    from rtgmock.clock import Clock
    from rtgmock.journal.journal import Journal
    from rtgmock.web.access_log import AccessLog

_REQUEST_LINE = re.compile(r"([A-Za-z-]{1,20}) +(\S.*?)(?: HTTP/1\.[01])?")


@dataclass(frozen=True)
class RefusedRequests:
    """Writes refused requests to the access log and to the journal, as the application does with all others."""

    clock: Clock
    log: AccessLog
    journal: Journal

    def record(self, status: int, request_line: str, sentence: str) -> None:
        """Record one request, which was answered with ``status`` and ``sentence``."""
        match = _REQUEST_LINE.fullmatch(request_line)
        # A line that is not HTTP may hold anything, a secret too: none of it is recorded.
        method, target = (match[1], match[2]) if match else ("-", "-")
        path, _, query = target.partition("?")
        now = self.clock.now()
        self.log.add(now, method, path, query, status, hint=sentence)
        if not is_control_path(path):
            answer = Body.of(f"{sentence}\n".encode())
            self.journal.add(Exchange(method, path, status, now, query=query, answer=answer))
