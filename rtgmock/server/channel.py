"""A client's connection: its time limits, refusals that reach a client which is still sending, and TLS."""

from __future__ import annotations

import contextlib
import socket
import time

from rtgmock.server.fault_channel import FaultChannel
from rtgmock.server.refusals import PlainHttpParser, RefusalTask, RequestParser

REQUEST_TIMEOUT = 20.0
"""Seconds that a client may take to send one request."""
IDLE_TIMEOUT = 60.0
"""Seconds that a connection may be idle between requests."""
LINGER_TIMEOUT = 2.0
"""Seconds for which a refused client may go on sending before its connection is cut."""
REQUEST_GRACE = 0.5
"""Seconds after a stop within which a request that has begun must be complete."""


class _WouldBlock(Exception):
    """There is nothing to read yet. Not an OSError, for which waitress would close the connection."""


class Channel(FaultChannel):
    """One connection. waitress's loop reads and sends; a worker thread calls ``service`` for each request."""

    error_task_class = RefusalTask

    lingering = False
    """Whether only the rest of a refused request is read, and thrown away."""
    request_started: float | None = None
    """When the first bytes of the current request arrived."""

    @property
    def parser_class(self) -> type[RequestParser]:
        """The parser for the protocol that the client speaks, which is known once it has sent a byte."""
        return PlainHttpParser if getattr(self.socket, "plain", False) else RequestParser

    @property
    def handshaking(self) -> bool:
        """Whether a TLS handshake is in progress, which precedes the first request."""
        return getattr(self.socket, "handshaking", False)

    def service(self) -> None:
        """Carry out the next request."""
        if self.server.stopping and self.requests:
            # A client that keeps sending requests on this connection would keep the server from stopping.
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()

    def received(self, data: bytes) -> bool:
        """Parse what was received."""
        if self.request is None:
            self.request_started = time.monotonic()
        return bool(super().received(data))

    def readable(self) -> bool:
        """Return whether the loop should read from this connection."""
        return self.lingering or bool(super().readable())

    def writable(self) -> bool:
        """Return whether the loop has anything to send or to close here."""
        return self.will_close if self.lingering else bool(super().writable())

    def recv(self, size: int) -> bytes:
        """Receive bytes. Raises _WouldBlock when TLS has no complete record yet, though the socket was readable."""
        try:
            return bytes(super().recv(size))
        except BlockingIOError as error:
            raise _WouldBlock from error

    def handle_read(self) -> None:
        """Read what the client has sent; while lingering, throw it away until the client closes."""
        with contextlib.suppress(_WouldBlock):
            if not self.lingering:
                super().handle_read()
            elif not self.recv(self.adj.recv_bytes):
                self.handle_close()

    def handle_write(self) -> None:
        """Send what is in the buffers; a connection that is to be closed then lingers first."""
        closing = self.close_when_flushed and not self.will_close and not self.lingering
        if closing and not self.requests:
            self._flush_exception(self._flush_some)
            if self.connected and not (self.total_outbufs_len or self.will_close):
                self._linger()
            if self.lingering or not self.connected:  # the flush closes the connection of a client that has left
                return
        super().handle_write()

    def _linger(self) -> None:
        """End our side and read on: closing a socket with unread data resets it, and the response would be lost."""
        self.request_started = time.monotonic()
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.lingering = True
        except OSError:
            self.will_close = True

    def timed_out(self, now: float) -> bool:
        """Return whether the client has used up its time, at ``now`` by the monotonic clock."""
        if self.requests or self.total_outbufs_len:
            return False
        if self.lingering or self.request is not None:
            return now - (self.request_started or now) > (LINGER_TIMEOUT if self.lingering else REQUEST_TIMEOUT)
        # waitress keeps last_activity in wall-clock time
        return bool(time.time() - self.last_activity > (REQUEST_TIMEOUT if self.handshaking else IDLE_TIMEOUT))

    def delays_stop(self, stopping_for: float) -> bool:
        """Return whether the server, which has been stopping for some seconds, must wait for this connection."""
        if self.requests or self.total_outbufs_len:
            return True
        if self.request is not None or self.handshaking:
            return stopping_for < REQUEST_GRACE
        # A client that has connected and sent nothing yet: its request is probably on its way.
        return self.request_started is None and stopping_for < self.server.first_byte_grace
