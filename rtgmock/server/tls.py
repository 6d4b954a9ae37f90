"""Begins TLS: on a new connection, unless its client speaks plain HTTP, and behind a client's ``CONNECT``."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from asyncio import sslproto
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from rtgmock.server.connection import HttpConnection
    from rtgmock.server.tunnel_request import TunnelRequest

    Factory = Callable[..., HttpConnection]
    Send = Callable[[bytes], object]

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
    tls = _TlsProtocol(factory(), context, connected.send, max(deadline - loop.time(), 0.01))
    transport, _ = await loop.connect_accepted_socket(lambda: tls, connected)
    await tls.finish(transport)


def begin_tls(
    transport: asyncio.Transport,
    context: ssl.SSLContext,
    connection: HttpConnection,
    seconds: float,
    request: TunnelRequest,
) -> Coroutine[Any, Any, None]:
    """Begin TLS on a connection that is open already, and return what waits for the end of the handshake."""
    tls = _TlsProtocol(connection, context, transport.write, seconds)
    transport.set_protocol(tls)
    tls.connection_made(transport)
    transport.write(request.answer)
    tls.take(request.behind)
    return tls.finish(transport)


class _TlsProtocol(sslproto.SSLProtocol):
    """asyncio's TLS with a smaller buffer: its own takes 256 KiB for each connection, also for one that is idle.

    That is why it is made here, and not by ``connect_accepted_socket``, which has no option for it.
    """

    max_size = 16 * 1024

    def __init__(self, connection: HttpConnection, context: ssl.SSLContext, send: Send, seconds: float) -> None:
        """``send`` sends at once, for the last that is sent before a connection is cut."""
        context.sslobject_class = _AlertingObject
        loop = asyncio.get_running_loop()
        self._finished: asyncio.Future[None] = loop.create_future()
        super().__init__(
            loop,
            connection,
            cast("ssl.SSLContext", _AlertingContext(context, send)),
            self._finished,
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

    def take(self, received: bytes) -> None:
        """Take what was received before the transport knew this protocol."""
        while received:
            buffer = self.get_buffer(len(received))
            part, received = received[: len(buffer)], received[len(buffer) :]
            buffer[: len(part)] = part
            self.buffer_updated(len(part))

    async def finish(self, transport: asyncio.Transport) -> None:
        """Wait until the handshake is complete. Raises OSError when it is not, with the connection closed."""
        try:
            await self._finished
        except BaseException:
            transport.abort()
            raise
        # What has arrived while nothing is read. By default TLS keeps 256 KiB of it.
        cast("Any", self._connection.transport).set_read_buffer_limits(high=self.max_size)


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

    send: Send
    outgoing: ssl.MemoryBIO

    def do_handshake(self) -> None:
        """Go on with the handshake. Raises SSLError."""
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError:
            with contextlib.suppress(OSError):  # the client may have left
                self.send(self.outgoing.read())
            raise


class _AlertingContext:
    """Gives each connection's way to send at once to its ``_AlertingObject``."""

    def __init__(self, context: ssl.SSLContext, send: Send) -> None:
        self._context = context
        self._send = send

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **options: Any) -> _AlertingObject:
        """Begin TLS; called by asyncio."""
        begun = cast("_AlertingObject", self._context.wrap_bio(incoming, outgoing, **options))
        begun.send, begun.outgoing = self._send, outgoing
        return begun
