"""A client that sends several requests at once on one connection, and reads their answers in turn."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tests.support import raw
from tests.support.command import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.generated_requests import Generated

AT_ONCE = 8
"""As many requests as the server reads before it answers one."""


@dataclass
class Reply:
    """What came for a request: the status, or None when the connection ended without a whole answer.

    ``seconds`` is the time since the answer before it.
    """

    request: Generated
    status: int | None
    seconds: float
    closes: bool = False
    """Whether the answer said that it is the last one."""


class Pipeline:
    """A client with one connection at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: socket.socket | None = None
        self._received = b""

    def ask(self, requests: Sequence[Generated]) -> Iterator[Reply]:
        """Send requests; give the reply to each. What the server may not have read is sent again."""
        waiting = list(requests)
        while waiting:
            count = next((number + 1 for number, one in enumerate(waiting[:AT_ONCE]) if one.ends), AT_ONCE)
            sent = waiting[:count]
            replies = list(self._exchange(sent))
            yield from replies
            waiting = waiting[len(replies) :]

    def _exchange(self, requests: Sequence[Generated]) -> Iterator[Reply]:
        connection = self._connected()
        with contextlib.suppress(OSError):  # the server may have ended the connection
            connection.sendall(b"".join(request.data for request in requests))
            if requests[-1].ends:
                connection.shutdown(socket.SHUT_WR)
        for number, request in enumerate(requests):
            begun = time.monotonic()
            answer = self._answer(request.method)
            closes = answer is not None and answer.headers.get("connection", "").lower() == "close"
            if answer is None and number:
                self.close()
                return  # it is sent again, alone
            yield Reply(request, answer.status if answer else None, time.monotonic() - begun, closes)
            if answer is None or closes:
                break
        if requests[-1].ends:
            self._drain()
        if answer is None or closes or requests[-1].ends:
            self.close()

    def _answer(self, method: str) -> raw.Answer | None:
        """Return the next answer; None when the connection ends before it is complete."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return None
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100 "):
            self._received = rest
            return self._answer(method)
        answer = raw.parse(head + blank)
        length = 0 if method == "HEAD" else int(answer.headers["content-length"])
        while len(self._received) < len(head) + 4 + length:
            if not self._receive():
                return None
        self._received = self._received[len(head) + 4 + length :]
        return answer

    def _receive(self) -> bool:
        assert self._connection
        try:
            chunk = self._connection.recv(2**18)
        except ConnectionResetError:
            chunk = b""
        self._received += chunk
        return bool(chunk)

    def _drain(self) -> None:
        """Read on until the server ends the connection: what has no clear end may have been several requests."""
        while self._receive():
            self._received = b""

    def _connected(self) -> socket.socket:
        if self._connection is None:
            self._connection = raw.connect(self._url, DEADLINE)
            self._received = b""
        return self._connection

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
