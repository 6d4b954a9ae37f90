"""A connection that speaks TLS, for a loop that never waits."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_RECORD = 2**14
"""Bytes that a TLS record holds at most. Read in one go, nothing of it is left where no poll would see it."""


class TlsSocket:
    """An accepted socket as waitress uses one, with TLS in between, or without it where the client speaks plain HTTP.

    What cannot be done yet is a BlockingIOError; the handshake comes about by reading. The lock is for OpenSSL,
    which bears one thread at a time: the loop reads while another thread may be sending an answer.
    """

    plain = False
    """Whether the client speaks HTTP without TLS."""
    handshaking = False
    """Whether a handshake has begun and is not over."""

    def __init__(self, accepted: socket.socket, context: ssl.SSLContext) -> None:
        self._socket = accepted
        self._context = context
        self._begun = self._silent = False
        self._lock = threading.Lock()

    def recv(self, size: int) -> bytes:
        """What the client has sent; ``b""`` at its end."""
        with self._lock, _never_waiting():
            if not self._begun:
                self._begin()
            try:
                return self._socket.recv(max(size, _RECORD))
            finally:
                if isinstance(self._socket, ssl.SSLSocket):
                    self.handshaking = self.handshaking and self._socket.version() is None

    def _begin(self) -> None:
        """See which of the two the client speaks: a handshake begins with 22, a request with a letter."""
        first = self._socket.recv(1, socket.MSG_PEEK)
        self._begun = True
        self.plain = first.isalpha()
        if first and not self.plain:
            self._socket = self._context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
            self.handshaking = True

    def send(self, data: bytes) -> int:
        """Send as much as there is room for; what is sent next must begin with the rest."""
        with self._lock, _never_waiting():
            return self._socket.send(data)

    def shutdown(self, how: int) -> None:
        """End our side, as TLS says it and as TCP does."""
        with self._lock:
            self._say_goodbye()
            self._socket.shutdown(how)

    def silence(self) -> None:
        """Say no goodbye: the connection is to look like a broken one."""
        self._silent = True

    def close(self) -> None:
        """Close the connection, and tell the client before."""
        with self._lock:
            self._say_goodbye()
            self._socket.close()

    def _say_goodbye(self) -> None:
        if isinstance(self._socket, ssl.SSLSocket) and not (self.handshaking or self._silent):
            with contextlib.suppress(OSError, ValueError):  # sent at once, or there is nobody to tell
                self._socket.unwrap()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


@contextlib.contextmanager
def _never_waiting() -> Iterator[None]:
    try:
        yield
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
        raise BlockingIOError(errno.EWOULDBLOCK, "the client is not that far") from error
