"""Connections that have no transport yet: new ones, and those that begin TLS in a tunnel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from functools import partial
from typing import TYPE_CHECKING

from rtgmock.server.connection import Host, HttpConnection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine
    from typing import Any

    from rtgmock.server.tunnel_request import TunnelRequest


class Handshakes:
    """Makes the transports of connections, each in a task, with TLS if there is a context for it."""

    def __init__(self, host: Host, tls: ssl.SSLContext | None) -> None:
        self._host = host
        self._tls = tls
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many connections have no transport yet."""
        return len(self._running)

    def accept(self, connected: socket.socket) -> None:
        """Make the transport of a new connection."""
        connected.setblocking(False)  # noqa: FBT003
        with contextlib.suppress(OSError):  # no TCP, or the client has left
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = HttpConnection(self._host)
        self._begin(connection, self._connect(connection, connected), connected.close)

    async def _connect(self, connection: HttpConnection, connected: socket.socket) -> None:
        if self._tls is None:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, connected)
        else:
            from rtgmock.server.tls import accept_tls  # noqa: PLC0415 - only for HTTPS

            await accept_tls(connected, self._tls, connection.protocol, self._host.limits.handshake_seconds)

    def tunnel(self, outer: HttpConnection, request: TunnelRequest) -> None:
        """Grant a client its tunnel: another connection takes the place of ``outer``, on the same transport."""
        from rtgmock.server.tls import begin_tls  # noqa: PLC0415 - only for HTTPS

        assert self._tls is not None  # noqa: S101 - for mypy: without TLS no tunnel is granted
        self._host.closed(outer)
        connection = HttpConnection(self._host)
        connection.proxy_address = outer.transport.get_extra_info("sockname")[0]
        seconds = self._host.limits.handshake_seconds
        begun = begin_tls(outer.transport, self._tls, connection, seconds, request)
        self._begin(connection, begun, outer.transport.abort)

    def _begin(self, connection: HttpConnection, making: Coroutine[Any, Any, None], close: Callable[[], None]) -> None:
        """Give a connection a place until its end. ``making`` makes its transport; ``close`` is called if it fails."""
        connection.handshake = handshake = asyncio.get_running_loop().create_task(making)
        self._host.room.enter(connection)
        self._running.add(handshake)
        handshake.add_done_callback(partial(self._end, connection, close))

    def _end(self, connection: HttpConnection, close: Callable[[], None], handshake: asyncio.Task[None]) -> None:
        self._running.discard(handshake)
        if handshake.cancelled() or handshake.exception():
            close()
            self._host.room.leave(connection)
        # A client that leaves, stalls or sends garbage during its handshake ends only its own connection.
        if not handshake.cancelled() and (error := handshake.exception()) and not isinstance(error, OSError):
            logging.getLogger("rtgmock").error("A connection could not be accepted", exc_info=error)

    async def cancel(self) -> None:
        """End all connections that have no transport yet."""
        for handshake in self._running:
            handshake.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
