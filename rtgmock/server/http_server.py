"""The HTTP server: waitress, extended by what an emulator needs.

Why waitress: one loop reads all connections and hands complete requests to a few threads, so that slow clients cost
nothing; it runs in any thread of any process, also in a test's; it is small and pure Python. cheroot gives every slow
client one of its threads, granian needs processes, gunicorn a main thread, and werkzeug's server is made for debugging.
The extensions are:

- limits that hold against many half-sent requests (at waitress's defaults 120 of them stall it);
- a stop that accepts what has arrived, carries it out, and sends complete responses;
- refusals in the same shape as all other errors, which also reach a client that is still sending (``channel``);
- TLS, by a socket wrapper (``tls_socket``): a handshake waits in the loop like any incomplete request;
- delayed, truncated and dropped responses (``fault_channel``).
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from rtgmock.server.channel import REQUEST_GRACE, Channel

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    WrapSocket = Callable[[socket.socket], Any]
    RefusalCallback = Callable[[int, str, str], None]
    """Called for every refusal: the status, the request line, the sentence in the response."""

_QUEUE_LOGGER = logging.getLogger("rtgmock.http.queue")
_QUEUE_LOGGER.setLevel(logging.ERROR)  # waitress warns of every request that waits for a thread, which is normal

THREADS = 8
MAX_CONNECTIONS = 900
"""Open connections at once; below the 1024 files that a process commonly may open."""
MAX_HEADER_SIZE = 64 * 1024
FIRST_BYTE_GRACE = 0.1
"""Seconds after a stop within which the first request of a new connection must begin."""


class _Dispatcher(ThreadedTaskDispatcher):
    queue_logger = _QUEUE_LOGGER

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        threading.Thread(target=target, name=f"rtgmock-http-{thread_no}", args=(thread_no,), daemon=True).start()


class HttpServer(TcpWSGIServer):
    """Serves a WSGI application on one address, in threads.

    It listens once it is constructed (OSError if it cannot), and answers after ``start``. ``on_refusal`` is called for
    every request that is refused before it reaches the application. ``wrap_socket`` turns an accepted socket into one
    that speaks TLS.
    """

    channel_class = Channel

    def __init__(
        self,
        application: WSGIApplication,
        host: str,
        port: int,
        *,
        body_limit: int,
        on_refusal: RefusalCallback,
        wrap_socket: WrapSocket | None = None,
    ) -> None:
        self.on_refusal = on_refusal
        self.delayed_channels: set[Channel] = set()
        """The connections whose responses are delayed by a fault."""
        # A TLS client sends its first byte early, but the request comes only after the handshake.
        self.first_byte_grace = REQUEST_GRACE if wrap_socket else FIRST_BYTE_GRACE
        self._wrap_socket = wrap_socket
        self._stopping_since: float | None = None
        self._timeout = 0.0
        self._trigger_lock, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._loop, name="rtgmock-http", daemon=True)
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        channels: dict[int, Any] = {}
        try:
            super().__init__(
                application,
                map=channels,
                dispatcher=_Dispatcher(),
                adj=_adjustments(host, port, body_limit, tls=wrap_socket is not None),
                sockinfo=(family, socket.SOCK_STREAM, 0, address),
            )
        except BaseException:
            # waitress leaves its trigger and its socket open when the address cannot be bound.
            wasyncore.close_all(channels, ignore_all=True)
            raise

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.effective_port)

    @property
    def stopping(self) -> bool:
        """Whether a stop is in progress."""
        return self._stopping_since is not None

    def start(self) -> None:
        """Answer requests, until ``stop``."""
        self.task_dispatcher.set_thread_count(THREADS)
        self._thread.start()

    def stop(self, timeout: float = 8.0) -> None:
        """Answer the requests that have arrived, and close; cut what is not finished after ``timeout`` seconds."""
        self._timeout = timeout
        if self._thread.is_alive():
            self.trigger.pull_trigger(self._stop_accepting)
            self._thread.join(timeout + 2)
        self._close_all()

    def accept(self) -> Any:
        """Return a new connection and its address; None when there is none."""
        accepted = super().accept()
        if accepted and self._wrap_socket:
            return self._wrap_socket(accepted[0]), accepted[1]
        return accepted

    def pull_trigger(self) -> None:
        """Wake the loop, unless it has ended."""
        # A worker that was cut may come here after the trigger is closed, and its file number may be another file's.
        with self._trigger_lock:
            if not self._closed:
                super().pull_trigger()

    def maintenance(self, now: float) -> None:  # noqa: ARG002 - waitress passes wall-clock time
        """Close the connections whose clients have used up their time."""
        for channel in list(self.active_channels.values()):
            if channel.timed_out(time.monotonic()):
                channel.will_close = True
        for channel in list(self.delayed_channels):
            channel.close_if_client_left()

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
            self._poll(self._until_next_response() if self.delayed_channels else 1.0)
        self._poll(0)  # read what the open connections have sent already
        while self._must_wait(time.monotonic() - self._stopping_since):
            self._poll(0.01)

    def _poll(self, timeout: float) -> None:
        self.asyncore.loop(timeout=timeout, map=self._map, use_poll=True, count=1)

    def _until_next_response(self) -> float:
        """Return the seconds until the next delayed response is due, at most one."""
        pause = 1.0
        for channel in list(self.delayed_channels):
            # Removed before the check and added again after it: a worker may delay another response in between.
            self.delayed_channels.discard(channel)
            if channel.connected and channel.remaining_delay:
                self.delayed_channels.add(channel)
                pause = min(pause, channel.remaining_delay + 0.001)  # poll rounds down to milliseconds
        return pause

    def _must_wait(self, stopping_for: float) -> bool:
        """Return whether the stop, which began some seconds ago, must wait for any connection."""
        if stopping_for > self._timeout:
            return False
        return any(channel.delays_stop(stopping_for) for channel in list(self.active_channels.values()))

    def _close_all(self) -> None:
        self.task_dispatcher.shutdown(timeout=1)
        with self._trigger_lock:
            self._closed = True
        wasyncore.close_all(self._map, ignore_all=True)


def _adjustments(host: str, port: int, body_limit: int, *, tls: bool) -> Adjustments:
    """Return waitress's settings."""
    return Adjustments(
        host=host,
        port=port,
        ident="rtgmock",
        url_scheme="https" if tls else "http",
        threads=THREADS,
        connection_limit=MAX_CONNECTIONS,
        cleanup_interval=1,
        max_request_header_size=MAX_HEADER_SIZE,
        # One more than the limit: a body of exactly the limit is accepted, and waitress refuses from its setting on.
        max_request_body_size=body_limit + 1,
        asyncore_use_poll=True,  # select is limited to file numbers below 1024
        log_socket_errors=False,
        clear_untrusted_proxy_headers=True,
    )
