"""A non-blocking socket that speaks TLS."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_RECORD = 2**14
"""The largest TLS record in bytes. A whole record is read at once: no poll reports what OpenSSL has buffered."""


class TlsSocket:
    """An accepted socket in the form that waitress uses, with TLS; or without it, for a client that speaks plain HTTP.

    An operation that would block raises BlockingIOError. Reading also performs the handshake.
    """

    plain = False
    """Whether the client speaks HTTP without TLS."""
    handshaking = False
    """Whether a handshake is in progress."""

    def __init__(self, accepted: socket.socket, context: ssl.SSLContext) -> None:
        self._socket = accepted
        self._context = context
        self._protocol_known = self._skips_close_notify = False
        # An OpenSSL connection may be used by one thread at a time, and the loop reads while a worker sends.
        self._lock = threading.Lock()

    def recv(self, size: int) -> bytes:
        """Return what the client has sent; ``b""`` at its end."""
        with self._lock, _tls_blocking_errors():
            if not self._protocol_known:
                self._detect_protocol()
            try:
                return self._socket.recv(max(size, _MAX_RECORD))
            finally:
                if isinstance(self._socket, ssl.SSLSocket):
                    self.handshaking = self.handshaking and self._socket.version() is None

    def _detect_protocol(self) -> None:
        """Look at the client's first byte: a TLS handshake begins with 22, an HTTP request with a letter."""
        first = self._socket.recv(1, socket.MSG_PEEK)
        self._protocol_known = True
        self.plain = first.isalpha()
        if first and not self.plain:
            self._socket = self._context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
            self.handshaking = True

    def send(self, data: bytes) -> int:
        """Send what the buffers have room for, and return its length.

        After a BlockingIOError the next call must begin with the same data, as OpenSSL demands.
        """
        with self._lock, _tls_blocking_errors():
            return self._socket.send(data)

    def shutdown(self, how: int) -> None:
        """End our side, for TLS and for TCP."""
        with self._lock:
            self._send_close_notify()
            self._socket.shutdown(how)

    def skip_close_notify(self) -> None:
        """Let the end of the connection look like a broken connection."""
        self._skips_close_notify = True

    def close(self) -> None:
        """Close the connection, with the alert by which TLS tells an orderly end from a cut."""
        with self._lock:
            self._send_close_notify()
            self._socket.close()

    def _send_close_notify(self) -> None:
        if isinstance(self._socket, ssl.SSLSocket) and not (self.handshaking or self._skips_close_notify):
            # The alert goes out before unwrap waits for the client's; an error means that the client has left.
            with contextlib.suppress(OSError, ValueError):
                self._socket.unwrap()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


@contextlib.contextmanager
def _tls_blocking_errors() -> Iterator[None]:
    """Raise BlockingIOError for TLS's own errors about an operation that would block."""
    try:
        yield
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
        raise BlockingIOError(errno.EWOULDBLOCK, "the TLS connection is not ready") from error
