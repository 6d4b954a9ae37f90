"""The HTTP server: waitress, with what an emulator needs of it beyond what it ships with.

Why waitress: one loop reads all connections and hands whole requests to a few threads, so that a slow client,
or forty, cost nothing; it runs in any thread of any process, a test's included; it is small and pure Python.
cheroot gives every slow client one of its threads, granian needs processes of its own, gunicorn a main thread,
and werkzeug's server is not made for more than debugging. What is added here:

- limits that hold against many half-sent requests (waitress's own let 120 of them stall it);
- a stop that takes what has arrived, finishes it, and answers it whole;
- refusals in the one shape that errors have here, which the client gets to read also while it is still sending;
- TLS, by a socket that does it (``tls_socket``): a handshake waits in the loop like any unfinished request.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from rtgmock.server.fault_channel import FaultyChannel
from rtgmock.server.refusals import Parser, Plaintext, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    WrapSocket = Callable[[socket.socket], Any]
    Refused = Callable[[int, str, str], None]
    """Told of every refusal: the status, the request's first line, the sentence in the answer."""

_BUSY_LOGGER = logging.getLogger("rtgmock.http.queue")
_BUSY_LOGGER.setLevel(logging.ERROR)  # a queue that is a few requests deep is no news

THREADS = 8
_CONNECTIONS = 900
"""Open connections at once; below the 1024 files that a process commonly may open."""
_UNFINISHED = 20.0
"""Seconds that a client may take over one request."""
_IDLE = 60.0
"""Seconds that a connection may be idle between requests."""
_LINGER = 2.0
"""Seconds for which a refused client may go on sending before its connection is cut."""
_BEGINNING = 0.1
"""Seconds, once the server stops, for a new connection's request to begin."""
_ARRIVING = 0.5
"""Seconds, once the server stops, for a request that has begun to be whole."""


class _NotYet(Exception):
    """There is nothing to read yet. No OSError, for which waitress would close the connection."""


class _Channel(FaultyChannel):
    error_task_class = Refusal

    lingering = False
    started: float | None = None
    """When the request that is being read began to come."""

    @property
    def parser_class(self) -> type[Parser]:
        return Plaintext if getattr(self.socket, "plain", False) else Parser

    @property
    def handshaking(self) -> bool:
        """Whether a TLS handshake is under way, with which the first request begins."""
        return getattr(self.socket, "handshaking", False)

    def service(self) -> None:
        if self.server.stopping and self.requests:
            self.requests[0].headers["CONNECTION"] = "close"  # or a client that goes on would keep us from stopping
        super().service()

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.started = time.monotonic()
        return bool(super().received(data))

    def readable(self) -> bool:
        return self.lingering or bool(super().readable())

    def writable(self) -> bool:
        return self.will_close if self.lingering else bool(super().writable())

    def recv(self, size: int) -> bytes:
        try:
            return bytes(super().recv(size))
        except BlockingIOError as error:
            raise _NotYet from error

    def handle_read(self) -> None:
        with contextlib.suppress(_NotYet):
            if not self.lingering:
                super().handle_read()
            elif not self.recv(self.adj.recv_bytes):
                self.handle_close()

    def handle_write(self) -> None:
        unread = self.close_when_flushed and not self.will_close and not self.lingering
        if unread and not self.requests:
            self._flush_exception(self._flush_some)
            if self.connected and not (self.total_outbufs_len or self.will_close):
                self._linger()
            if self.lingering or not self.connected:  # a client that is gone was closed by the flush
                return
        super().handle_write()

    def _linger(self) -> None:
        """End our side and read on for a while: closing on unread input would take the answer from the client."""
        self.started = time.monotonic()
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.lingering = True
        except OSError:
            self.will_close = True

    def overdue(self, now: float) -> bool:
        """Whether the client has had its time."""
        if self.requests or self.total_outbufs_len:
            return False
        if self.lingering or self.request is not None:
            return now - (self.started or now) > (_LINGER if self.lingering else _UNFINISHED)
        return bool(time.time() - self.last_activity > (_UNFINISHED if self.handshaking else _IDLE))

    def busy(self, stopping_for: float) -> bool:
        """Whether the server, which has been stopping for some seconds, has to wait for this connection."""
        if self.requests or self.total_outbufs_len:
            return True
        if self.request is not None or self.handshaking:
            return stopping_for < _ARRIVING
        return self.started is None and stopping_for < self.server.beginning


class _Dispatcher(ThreadedTaskDispatcher):
    queue_logger = _BUSY_LOGGER

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        threading.Thread(target=target, name=f"rtgmock-http-{thread_no}", args=(thread_no,), daemon=True).start()


class HttpServer(TcpWSGIServer):
    """Serves a WSGI application on one address, in a thread of its own.

    It listens from its construction on (OSError if it cannot), and answers from ``start`` on. ``refused`` is
    told of every request that does not get as far as the application. ``wrap_socket`` makes of an accepted socket one
    that speaks TLS.
    """

    channel_class = _Channel

    def __init__(
        self,
        application: WSGIApplication,
        host: str,
        port: int,
        *,
        body_limit: int,
        refused: Refused,
        wrap_socket: WrapSocket | None = None,
    ) -> None:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        adjustments = Adjustments(
            host=host,
            port=port,
            ident="rtgmock",
            url_scheme="https" if wrap_socket else "http",
            threads=THREADS,
            connection_limit=_CONNECTIONS,
            cleanup_interval=1,
            max_request_header_size=64 * 1024,
            max_request_body_size=body_limit + 1,
            asyncore_use_poll=True,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
        )
        self.refused = refused
        self.held: set[Any] = set()
        """The connections whose answers are kept back."""
        self.beginning = _ARRIVING if wrap_socket else _BEGINNING  # a TLS client shakes hands first
        self._wrap_socket = wrap_socket
        self._stopping_since: float | None = None
        self._timeout = 0.0
        self._trigger_lock, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._loop, name="rtgmock-http", daemon=True)
        dispatcher = _Dispatcher()
        channels: dict[int, Any] = {}
        place = (family, socket.SOCK_STREAM, 0, address)
        try:
            super().__init__(application, map=channels, dispatcher=dispatcher, adj=adjustments, sockinfo=place)
        except BaseException:
            wasyncore.close_all(channels, ignore_all=True)
            raise

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.effective_port)

    @property
    def stopping(self) -> bool:
        """Whether a stop is under way."""
        return self._stopping_since is not None

    def start(self) -> None:
        """Answer requests, until ``stop``."""
        self.task_dispatcher.set_thread_count(THREADS)
        self._thread.start()

    def stop(self, timeout: float = 8.0) -> None:
        """Take what has arrived, answer it, and close; cut what isn't done after ``timeout`` seconds."""
        self._timeout = timeout
        if self._thread.is_alive():
            self.trigger.pull_trigger(self._stop_accepting)
            self._thread.join(timeout + 2)
        self._close_all()

    def accept(self) -> Any:
        """A new connection and its address; None when there is none."""
        accepted = super().accept()
        if accepted and self._wrap_socket:
            return self._wrap_socket(accepted[0]), accepted[1]
        return accepted

    def pull_trigger(self) -> None:
        """Wake the loop; do nothing for a thread that was cut: another file may have the trigger's number by then."""
        with self._trigger_lock:
            if not self._closed:
                super().pull_trigger()

    def maintenance(self, now: float) -> None:  # noqa: ARG002 - waitress counts in another clock
        """Cut the connections whose clients have had their time."""
        for channel in list(self.active_channels.values()):
            if channel.overdue(time.monotonic()):
                channel.will_close = True
        for channel in list(self.held):
            channel.release_if_left()

    def _stop_accepting(self) -> None:
        # The kernel has completed connections that were not accepted yet: their requests are on their way.
        while True:
            before = len(self.active_channels)
            self.handle_accept()
            if len(self.active_channels) == before:
                break
        self.accepting = False
        self.del_channel()
        self.socket.close()
        self._stopping_since = time.monotonic()

    def _loop(self) -> None:
        while self._stopping_since is None:
            self._poll(self._pause() if self.held else 1.0)
        self._poll(0)  # what the open connections have sent already
        while self._waiting(time.monotonic() - self._stopping_since):
            self._poll(0.01)

    def _poll(self, timeout: float) -> None:
        self.asyncore.loop(timeout=timeout, map=self._map, use_poll=True, count=1)

    def _pause(self) -> float:
        """The seconds until the next answer is no longer kept back, one at most."""
        pause = 1.0
        for channel in list(self.held):
            self.held.discard(channel)  # first, since another thread may hold it again at any moment
            if channel.connected and channel.held_for:
                self.held.add(channel)
                pause = min(pause, channel.held_for + 0.001)  # the poll cuts to milliseconds
        return pause

    def _waiting(self, stopping_for: float) -> bool:
        if stopping_for > self._timeout:
            return False
        return any(channel.busy(stopping_for) for channel in list(self.active_channels.values()))

    def _close_all(self) -> None:
        self.task_dispatcher.shutdown(timeout=1)
        with self._trigger_lock:
            self._closed = True
        wasyncore.close_all(self._map, ignore_all=True)
