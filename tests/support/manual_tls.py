"""TLS clients that check no certificate, and one whose bytes the test sends itself."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


def unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class ManualTls:
    """A TLS client whose bytes the test sends itself."""

    def __init__(self) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = unverified().wrap_bio(self._in, self._out)

    def hello(self) -> bytes:
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._out.read()

    def talk(self, connection: socket.socket, request: bytes) -> bytes:
        """Finish the handshake, send a request, and return what is received until the end."""
        self._pump(connection, self._tls.do_handshake)
        self._tls.write(request)
        connection.sendall(self._out.read())
        received = b""
        while chunk := self._pump(connection, lambda: self._tls.read(65536)):
            received += chunk
        return received

    def _pump(self, connection: socket.socket, act: Callable[[], Any]) -> Any:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                connection.sendall(self._out.read())
                self._in.write(connection.recv(65536))
            except ssl.SSLZeroReturnError:
                return b""
