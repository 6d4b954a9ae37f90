"""Accepts a connection on the HTTPS port: with TLS, or without it for a client that speaks plain HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from asyncio import sslproto
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.server.connection import HttpConnection

    Factory = Callable[..., HttpConnection]

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
    finished: asyncio.Future[None] = loop.create_future()
    alerting = cast("ssl.SSLContext", _AlertingContext(context, connected))
    connection = factory()
    tls = _TlsProtocol(connection, alerting, finished, max(deadline - loop.time(), 0.01))
    transport, _ = await loop.connect_accepted_socket(lambda: tls, connected)
    try:
        await finished
    except BaseException:
        transport.abort()
        raise
    # What has arrived while nothing is read. By default TLS keeps 256 KiB of it.
    cast("Any", connection.transport).set_read_buffer_limits(high=tls.max_size)


class _TlsProtocol(sslproto.SSLProtocol):
    """asyncio's TLS with a smaller buffer: its own takes 256 KiB for each connection, also for one that is idle.

    That is why it is made here, and not by ``connect_accepted_socket``, which has no option for it.
    """

    max_size = 16 * 1024

    def __init__(
        self, connection: HttpConnection, context: ssl.SSLContext, finished: asyncio.Future[None], seconds: float
    ) -> None:
        super().__init__(
            finished.get_loop(),
            connection,
            context,
            finished,
            server_side=True,
            ssl_handshake_timeout=seconds,  # type: ignore[arg-type] # typeshed says int
            ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy
        transport.set_write_buffer_limits(high=self.max_size)
        self._connection.below_tls = transport
        super().connection_made(transport)


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
