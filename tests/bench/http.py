"""A small HTTP client over raw sockets: what a benchmark's client costs must be little beside what it measures."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"
TIMEOUT = 60.0


class BenchError(Exception):
    """Something did not work, so that nothing can be measured. The text is one sentence."""


@dataclass(frozen=True)
class Request:
    """A request. ``{id}`` in its path is replaced in a cycle, by the id of what the cycle has created."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self, port: int, *, close: bool = False) -> bytes:
        """Return what goes over the wire."""
        fields = {"Host": f"{HOST}:{port}", **self.headers}
        if self.body or self.method in {"POST", "PUT"}:
            fields["Content-Length"] = str(len(self.body))
        if close:
            fields["Connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + self.body


class Answer:
    """An answer, as far as it has been received."""

    def __init__(self) -> None:
        self._received = b""
        self._body_at = 0
        self._length: int | None = None
        self._chunked = False

    @property
    def status(self) -> int:
        """The status; 0 while there is no status line."""
        return int(self._received[9:12] or 0)

    @property
    def body(self) -> bytes:
        """What is there of the body, as it went over the wire."""
        return self._received[self._body_at :]

    def feed(self, data: bytes) -> bool:
        """Take more of the answer, and return whether it is complete now."""
        self._received += data
        if not self._body_at:
            self._read_head()
        if not self._body_at:
            return False
        if self._chunked:
            return self._received.endswith(b"0\r\n\r\n")
        return self._length is not None and len(self._received) - self._body_at >= self._length

    def _read_head(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        self._body_at = end + 4
        for line in self._received[:end].lower().split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                self._length = int(value)
            elif name == b"transfer-encoding":
                self._chunked = b"chunked" in value
        if self.status == 204:
            self._length = 0


def send(port: int, request: Request) -> Answer:
    """Send a request on a new connection and return its answer. Raises OSError."""
    with socket.create_connection((HOST, port), timeout=TIMEOUT) as connection:
        connection.sendall(request.encoded(port, close=True))
        answer = Answer()
        while not answer.feed(data := connection.recv(65536)) and data:
            pass
        return answer


def send_ok(port: int, request: Request) -> Answer:
    """Send a request that must work. Raises BenchError when it does not."""
    try:
        answer = send(port, request)
    except OSError as error:
        raise BenchError(f"{request.method} {request.path} got no answer: {error}") from error
    if not 200 <= answer.status < 400:
        raise BenchError(f"{request.method} {request.path} was answered with {answer.status}: {answer.body[:200]!r}")
    return answer
