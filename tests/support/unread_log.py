"""Requests with long lines in the log, for tests of a log that nobody reads."""

from __future__ import annotations

from tests.support import raw
from tests.support.command import DEADLINE

COUNT = 7000
"""Requests whose lines are more than a pipe and the emulator keep together."""
FEW = 800
"""Requests whose lines are more than a pipe keeps, so that writing them waits."""
_REQUEST = f"GET /instances/{'x' * 250} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
_AT_ONCE = 8


def send(url: str, count: int) -> None:
    """Send a request many times on one connection, and read the answers."""
    with raw.connect(url, DEADLINE) as connection:
        for _ in range(0, count, _AT_ONCE):
            connection.sendall(_REQUEST * _AT_ONCE)
            received = b""
            while received.count(b"HTTP/1.1 401 ") < _AT_ONCE or not received.endswith(b"\n"):
                received += connection.recv(2**16)
