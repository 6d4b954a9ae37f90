"""One connection: it reads requests, has them answered in their order, and sends the answers.

Everything here runs in the server's loop, and nothing waits. What would take time is a timer, a job in the pool, or a
transport that says when it can take more. ``check`` is called twice a second, and ends what has used up its time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Protocol

from rtgmock.server.answer_writer import AnswerWriter
from rtgmock.server.limits import FIRST_BYTE_GRACE, QUIET_SECONDS, REQUEST_GRACE
from rtgmock.server.refusals import Refusal
from rtgmock.server.request_parser import RequestParser
from rtgmock.server.room import SMALL
from rtgmock.server.tunnel_request import TunnelRequest
from rtgmock.server.wsgi import Client

if TYPE_CHECKING:
    from rtgmock.server.limits import Limits
    from rtgmock.server.request_head import Request
    from rtgmock.server.room import Room
    from rtgmock.server.wsgi import Answer


class Host(Protocol):
    """What a connection needs of its server."""

    limits: Limits
    read_buffer: memoryview
    room: Room

    @property
    def stopping(self) -> bool:
        """Whether each answer is to be the last of its connection."""

    def now(self) -> float:
        """Return the seconds of the loop's clock."""

    def opened(self, connection: HttpConnection) -> None:
        """Take note of a new connection."""

    def closed(self, connection: HttpConnection) -> None:
        """Take note of a connection's end."""

    def answer(self, request: Request, connection: HttpConnection) -> None:
        """Have a request answered, now or later, by ``connection.deliver``."""

    def refuse(self, refusal: Refusal) -> Answer:
        """Record a refused request, and return its answer."""

    def tunnel(self, connection: HttpConnection, request: TunnelRequest) -> None:
        """Go on with TLS, by another connection on the same transport."""


class HttpConnection(asyncio.BufferedProtocol):
    """A client's connection, with TLS or without; the transport knows."""

    transport: asyncio.Transport
    writer: AnswerWriter
    handshake: asyncio.Task[None]
    """What makes the transport. It ends when that is made."""
    below_tls: asyncio.Transport | None = None
    """The transport of what is encrypted."""
    proxy_address = ""
    """In a tunnel, the address at which the client has reached this server as its proxy."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parser = RequestParser(host.limits)
        self._waiting: deque[Request | Refusal] = deque()
        self._is_open, self._reading = False, True
        self._ended = False
        """Whether nothing more is parsed, since what came can't be read or the connection is being closed."""
        self._client_ended = self._goes_on_soon = self._used = self._lingers = False
        self.busy = False
        """Whether a request is being answered, or its answer sent."""
        self.closing = False
        """Whether no other answer is begun."""
        self._since = self.active_at = host.now()
        """When the current request began to arrive; and when anything was last received or sent."""

    def protocol(self, *, plain_on_tls: bool = False) -> HttpConnection:
        """Return what the transport calls. ``plain_on_tls`` says that the client speaks HTTP where HTTPS is spoken."""
        self._parser.plain_on_tls = plain_on_tls
        return self

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy
        self.transport, self._is_open = transport, True
        self.writer = AnswerWriter(
            transport, self.below_tls, on_sent=self._finish, on_untaken=partial(self._host.room.untaken, self)
        )
        transport.set_write_buffer_limits(high=1)  # so that what it keeps is told; TLS tells it here already
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.client = Client(host, port, self.proxy_address)
        self._host.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget what was not answered."""
        self.closing = True
        self.writer.cancel()
        self._parser.forget()
        self._waiting.clear()
        self._host.closed(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Return the buffer to read into: one for all connections, since each read is consumed at once."""
        return self._host.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        self.active_at = now = self._host.now()
        self._used = True
        if self._ended:
            return  # the rest of a refused request is thrown away
        if self._parser.is_between_requests:
            self._since = now
        self._parser.feed(bytes(self._host.read_buffer[:nbytes]))
        self._go_on()

    def eof_received(self) -> bool:
        """Return whether the connection stays open: for the answers that the client still waits for."""
        self._client_ended = True
        if self._lingers or self.writer.is_held or not (self.busy or self._waiting):
            return False
        return self.below_tls is None  # TLS has no half-closed connections

    def pause_writing(self) -> None:
        """Wait until the client has taken more."""
        self.writer.pause()

    def resume_writing(self) -> None:
        """Send on."""
        self.writer.resume()

    # Requests

    def _go_on(self) -> None:
        """Parse what can be answered, and have the next request answered."""
        self._goes_on_soon = False
        if self.closing:
            return
        self._parse()
        if not self.busy and self._waiting:
            self.busy = True
            self._host.room.busy(self)
            self._answer(self._waiting.popleft())
        elif not self.busy and self._client_ended:
            self._close(lingers=False)
        elif not self.busy and self._parser.take_expectation():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._parser.is_behind:
            self._go_on_soon()
        self.read_on()

    def _go_on_soon(self) -> None:
        """Go on in the next turn of the loop, so that a client with much to do doesn't keep the others waiting."""
        if not self._goes_on_soon:
            self._goes_on_soon = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _parse(self) -> None:
        try:
            while not self._ended and len(self._waiting) < self._host.limits.pipelined:
                request = self._parser.next_request()
                if request is None:
                    break
                self._waiting.append(request)
        except Refusal as refusal:
            self._refuse(refusal)
        except TunnelRequest as request:
            self._ended = self.closing = True
            self._parser.forget()
            self._host.tunnel(self, request)

    def _refuse(self, refusal: Refusal) -> None:
        self._waiting.append(refusal)
        self._ended = True
        self._parser.forget()

    def read_on(self) -> None:
        """Read, or stop reading while enough is here."""
        held = self._parser.held
        # While a request is answered, a large one behind it can wait.
        may_hold = self._host.room.may_hold(self, 0 if self.busy else held) and not (self.busy and held > SMALL)
        is_full = self._parser.is_behind or len(self._waiting) >= self._host.limits.pipelined
        wanted = self._ended or (may_hold and not is_full)
        if wanted != self._reading:
            self._reading = wanted
            self.transport.resume_reading() if wanted else self.transport.pause_reading()

    def _answer(self, request: Request | Refusal) -> None:
        if isinstance(request, Refusal):
            self.deliver(self._host.refuse(request))
        else:
            self._host.answer(request, self)

    # Answers

    def deliver(self, answer: Answer) -> None:
        """Send the answer of the current request, after its delay."""
        if not self.closing:
            self.writer.send(answer, at_once=self._host.stopping)

    def _finish(self, answer: Answer) -> None:
        if answer.closes:
            self._close(lingers=answer.lingers or bool(self._waiting) or not self._parser.is_between_requests)
            return
        self.busy = False
        self._host.room.idle(self)
        self._since = self.active_at = self._host.now()
        if self._waiting or self._client_ended or not self._parser.is_between_requests:
            self._go_on_soon()

    # The end

    def _close(self, *, lingers: bool) -> None:
        """End the connection when all is sent.

        A socket that is closed with unread data resets its connection, and the client loses the answer. So a client
        that may still be sending is told of the end, and what it sends is thrown away.
        """
        self._waiting.clear()
        self._parser.forget()
        self._ended, self.closing = True, True
        if not lingers or self._client_ended:
            self.end()
            return
        self._lingers, self._since = True, self._host.now()
        self.active_at = self._since
        self.read_on()
        if not self.below_tls:
            self.transport.write_eof()

    def end(self) -> None:
        """Close the connection when all is sent."""
        self.closing = True
        if not self.transport.is_closing():  # asyncio's TLS leaves a transport open that is closed twice
            self.transport.close()

    def abort(self) -> None:
        """End the connection at once, also during its handshake."""
        if self._is_open:
            self.transport.abort()
        else:
            self.handshake.cancel()

    def check(self, now: float) -> None:
        """End the connection if its client has used up its time."""
        if self.writer.is_stalled(now, self._host.limits.answer_seconds):
            self._host.room.cut(self)
        elif self.writer.buffered:
            return
        elif self._lingers:
            self._check_linger(now)
        elif not (self.busy or self.closing):
            self._check_request(now)

    def _check_request(self, now: float) -> None:
        limits = self._host.limits
        if self._parser.is_between_requests:
            if now - self.active_at > limits.idle_seconds:
                self.end()
        elif now - self._since > limits.request_seconds:
            self._refuse(self._parser.timeout(limits.request_seconds))
            self._go_on()

    def _check_linger(self, now: float) -> None:
        # TLS can't say that only our side ends, so that its client doesn't know yet, and waits when it has sent all.
        has_sent_all = self.below_tls and now - self.active_at > QUIET_SECONDS
        if has_sent_all or now - self._since > self._host.limits.linger_seconds:
            self._lingers = False
            self.end()

    @property
    def is_last_request(self) -> bool:
        """Whether no other request has arrived behind the current one."""
        return not self._waiting

    def delays_stop(self, stopping_for: float) -> bool:
        """Return whether the server, which has been stopping for some seconds, must wait for this connection."""
        if self._lingers:
            return False
        if self.closing:
            return bool(self.writer.buffered)
        if self.busy or self._waiting:
            return True
        if not self._parser.is_between_requests:
            return stopping_for < REQUEST_GRACE
        # A client that has connected and sent nothing yet: its request is probably on its way.
        grace = REQUEST_GRACE if self.below_tls else FIRST_BYTE_GRACE
        return not self._used and stopping_for < grace
