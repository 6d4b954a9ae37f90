"""Accepts a connection on the HTTPS port: with TLS, or without it for a client that speaks plain HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    Factory = Callable[..., asyncio.BaseProtocol]

_SHUTDOWN_SECONDS = 2.0
"""The time that a client has to answer the alert by which TLS tells an orderly end from a cut."""


async def accept_tls(connected: socket.socket, context: ssl.SSLContext, factory: Factory, seconds: float) -> None:
    """Wait for the client's first byte, and give the connection to the protocol that ``factory`` makes.

    A TLS handshake begins with 22, an HTTP request with a letter. For a client of plain HTTP, ``factory`` is called
    with ``plain_on_tls=True``. The connection is closed when its handshake takes longer than ``seconds``.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            first = await _peek(loop, connected)
    except (OSError, TimeoutError, asyncio.CancelledError):
        connected.close()
        raise
    if first.isalpha():
        await loop.connect_accepted_socket(lambda: factory(plain_on_tls=True), connected)
        return
    context.sslobject_class = _AlertingObject
    await loop.connect_accepted_socket(
        factory,
        connected,
        ssl=cast("ssl.SSLContext", _AlertingContext(context, connected)),
        ssl_handshake_timeout=max(deadline - loop.time(), 0.01),
        ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
    )


async def _peek(loop: asyncio.AbstractEventLoop, connected: socket.socket) -> bytes:
    """Return the first byte without taking it; empty when the client has left."""
    readable = asyncio.Event()
    loop.add_reader(connected, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connected)
    return connected.recv(1, socket.MSG_PEEK)


class _AlertingObject(ssl.SSLObject):
    """Sends what a failed handshake has left to send: the alert that tells the client why. asyncio drops it."""

    connected: socket.socket
    outgoing: ssl.MemoryBIO

    def do_handshake(self) -> None:
        """Go on with the handshake. Raises SSLError."""
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError:
            with contextlib.suppress(OSError):  # the client may have left
                self.connected.send(self.outgoing.read())
            raise


class _AlertingContext:
    """Gives each connection's socket to its ``_AlertingObject``."""

    def __init__(self, context: ssl.SSLContext, connected: socket.socket) -> None:
        self._context = context
        self._connected = connected

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **options: Any) -> _AlertingObject:
        """Begin TLS; called by asyncio."""
        begun = cast("_AlertingObject", self._context.wrap_bio(incoming, outgoing, **options))
        begun.connected, begun.outgoing = self._connected, outgoing
        return begun
