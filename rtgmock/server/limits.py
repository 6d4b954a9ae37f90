"""The limits of the HTTP server: how much a client may send, and how long it may take."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from rtgmock.paths import BODY_LIMIT


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes and times in seconds. Each is ours: the service's own limits are not known."""

    target: int = 8 * 1024
    """The request target: path and query. A longer one is answered with 414."""
    headers: int = 64 * 1024 - 1
    """The request line and all headers together. Larger ones are answered with 431."""
    header_count: int = 100
    """The number of headers. More are answered with 431."""
    body: int = BODY_LIMIT
    """The body of one request. A larger one is answered with 413."""
    pipelined: int = 8
    """Requests that one connection may have waiting; then it isn't read until they are answered."""
    request_seconds: float = 20.0
    """From the first byte of a request to its last; then it is answered with 408."""
    answer_seconds: float = 20.0
    """A connection whose client takes no byte of an answer for so long is cut."""
    idle_seconds: float = 60.0
    """The time between two requests of a connection."""
    handshake_seconds: float = 10.0
    """The time for a TLS handshake."""
    linger_seconds: float = 2.0
    """A refused client may go on sending for so long before its connection is cut."""
    connections: int | None = None
    """The open connections; None for as many as the process may have files, less a reserve."""

    def replace(self, **changes: float | None) -> Limits:
        """Return the limits with some of them changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]  # mypy doesn't know the names
