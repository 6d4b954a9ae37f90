"""The limits of the HTTP server: how much a client may send, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtgmock.paths import BODY_LIMIT

FILE_RESERVE = 64
"""Files that are left for everything but connections: state, Redis servers, their connections."""
MAX_CONNECTIONS = 10_000
"""Open connections where the system sets no limit."""
REQUEST_GRACE = 0.5
"""Seconds after a stop within which a request that has begun must be complete."""
FIRST_BYTE_GRACE = 0.1
"""Seconds after a stop within which the first request of a new connection must begin."""
QUIET_SECONDS = 0.2
"""A refused client that has sent nothing for so long has probably sent all."""


def _max_connections() -> int:
    """Return how many connections the process's limit of open files leaves room for."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 512
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(soft - FILE_RESERVE, MAX_CONNECTIONS), soft // 2)


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
    connections: int = field(default_factory=_max_connections)
    """The open connections: as many as the process may have files, less a reserve."""
    stalled_seconds: float = 1.0
    """When there are so many, a connection whose client takes nothing for so long is cut for a newcomer."""
    large_requests: int = 32
    """Requests with a large body that are read at the same time; others wait until one of these is complete."""
    untaken: int = 32 * 1024 * 1024
    """All answers may hold so much together. Then the one of which nothing was taken for the longest time is cut."""
