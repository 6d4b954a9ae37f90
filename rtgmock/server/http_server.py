"""The HTTP server: an asyncio event loop in its own thread reads requests and sends answers, and never waits.

Why asyncio with httptools: a connection is an object and not a thread, so that slow clients, idle ones and delayed
answers cost the other clients nothing. httptools binds llhttp, the strict C parser of Node.js. Only public interfaces
of both are used. uvicorn's protocol, which is built on the same parser, bounds no header, cuts no slow request and has
its own refusals; most of it would have to be replaced through private names. uvloop isn't used: everything here would
have to be tested with a second event loop, and most of a request's time is Flask's.

The application is called in the loop's thread when it cannot wait for anything, and in a pool of threads when it may;
``may_wait`` tells which. A thread for each request would slow down all of them, since they share the interpreter's
lock. For the same reason, reads that may take long have one thread: they wait for nothing but their own work.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING

from rtgmock.server.handshakes import Handshakes
from rtgmock.server.limits import REQUEST_GRACE, Limits
from rtgmock.server.listener import Listener
from rtgmock.server.room import Room
from rtgmock.server.turns import Turns
from rtgmock.server.wsgi import NAME, Answer, Bridge, common_environ

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable
    from wsgiref.types import WSGIApplication

    from rtgmock.server.connection import HttpConnection
    from rtgmock.server.refusals import Refusal
    from rtgmock.server.request_head import Request
    from rtgmock.server.tunnel_request import TunnelRequest

    RefusalCallback = Callable[[int, str, str], None]
    """Called for every refusal: the status, the request line, the sentence in the response."""
    MayWait = Callable[[Request], bool]
    """Tells of a request whether the application may wait for something when it is called with it."""

READ_SIZE = 16 * 1024
"""Bytes that are read of a connection before the others have their turn."""
POOL_THREADS = 64
"""Requests that may wait at once: for a disk, or for a Redis. A thread is started when it is needed."""
_READS = {"GET", "HEAD"}
CHECK_INTERVAL = 0.5
"""Seconds between two looks at which connections have used up their time."""


class HttpServer:
    """Serves a WSGI application on one address.

    It listens once it is constructed (OSError if it cannot), and answers from ``start`` to ``stop``. ``on_refusal`` is
    called for every request that is refused before it reaches the application. With ``tls`` it speaks HTTPS. Every
    answer has the ``headers``.
    """

    def __init__(
        self,
        application: WSGIApplication,
        host: str,
        port: int,
        *,
        on_refusal: RefusalCallback,
        may_wait: MayWait = lambda _request: True,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.limits = limits or Limits()
        self.read_buffer = memoryview(bytearray(READ_SIZE))
        self.connections: set[HttpConnection] = set()
        self.room = Room(self, on_place=lambda: self._listener.open())  # noqa: PLW0108 - it is made in a moment
        self._on_refusal = on_refusal
        self._may_wait = may_wait
        self._handshakes = Handshakes(self, tls)
        self._listener = Listener(host, port, take=self._handshakes.accept, room=self.room)
        self.port = self._listener.port
        environ = common_environ(host, self.port, "https" if tls else "http")
        self.bridge = Bridge(application, environ, self._date, (("Server", NAME), *headers))
        self._dated = (0, "")
        self._turns = Turns(self._answer_here)
        self._checking = False
        self._stopping_since: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_asked: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="rtgmock-request")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="rtgmock-read")
        self._at_work: set[asyncio.Future[Answer]] = set()
        self._timeout = 0.0

    # For the thread that owns the server

    def start(self) -> None:
        """Answer requests, until ``stop``."""
        self._loop = asyncio.new_event_loop()
        self._stop_asked = asyncio.Event()
        arguments = (self._loop, self._stop_asked)
        self._thread = threading.Thread(target=self._run, args=arguments, name="rtgmock-http", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 8.0) -> None:
        """Answer the requests that have arrived, and close; cut what is not finished after ``timeout`` seconds."""
        self._timeout = timeout
        if self._thread is None or self._loop is None or self._stop_asked is None:
            self._listener.close()
        else:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._stop_asked.set)
            self._thread.join(timeout + 2)
        # A thread that is still at work was cut, and would be waited for as long as it likes.
        for pool in (self._pool, self._reader):
            pool.shutdown(wait=not self._at_work, cancel_futures=True)

    def _run(self, loop: asyncio.AbstractEventLoop, stop_asked: asyncio.Event) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve(stop_asked))
        finally:
            loop.close()

    # In the loop

    async def _serve(self, stop_asked: asyncio.Event) -> None:
        self._listener.open()
        await stop_asked.wait()
        self._listener.close()
        await self._finish()

    async def _finish(self) -> None:
        """Wait for what has arrived, and close all connections."""
        begun = self._stopping_since = self.now()
        for connection in list(self.connections):
            connection.writer.release()
        await _turns(2)  # they read what the open connections have sent already
        while self._must_wait(self.now() - begun):
            await asyncio.sleep(0.005)
        await self._close_all()

    async def _close_all(self) -> None:
        """Close all connections, and wait until asyncio has let go of them."""
        await self._handshakes.cancel()
        for connection in list(self.connections):
            connection.end()
        await _turns(3)  # TLS says that it ends
        for connection in list(self.connections):
            connection.transport.abort()
        deadline = self.now() + 1
        while self.connections and self.now() < deadline:
            await _turns(1)
        await _turns(3)  # those whose handshake was cut

    def _must_wait(self, stopping_for: float) -> bool:
        """Return whether the stop, which began some seconds ago, must wait for any connection."""
        if stopping_for > self._timeout:
            return False
        if self._handshakes and stopping_for < REQUEST_GRACE:
            return True
        return any(connection.delays_stop(stopping_for) for connection in self.connections)

    # What connections need

    @property
    def stopping(self) -> bool:
        """Whether a stop is in progress."""
        return self._stopping_since is not None

    def now(self) -> float:
        """Return the seconds of a monotonic clock."""
        return time.monotonic()

    def opened(self, connection: HttpConnection) -> None:
        """Keep a new connection, and look after it."""
        self.connections.add(connection)
        self.room.idle(connection)
        if not self._checking:
            self._checking = True
            asyncio.get_running_loop().call_later(CHECK_INTERVAL, self._check)

    def closed(self, connection: HttpConnection) -> None:
        """Forget a connection that has ended."""
        self.connections.discard(connection)
        self.room.leave(connection)

    def _check(self) -> None:
        now = self.now()
        for connection in list(self.connections):
            connection.check(now)
        self._report_cut()
        self._checking = bool(self.connections)
        if self._checking:
            asyncio.get_running_loop().call_later(CHECK_INTERVAL, self._check)

    def answer(self, request: Request, connection: HttpConnection) -> None:
        """Have the application answer, here or in the pool."""
        if not self._may_wait(request):
            self._turns.answer(request, connection)
            return
        last = self._is_last(connection)
        loop = asyncio.get_running_loop()
        pool = self._reader if request.method in _READS else self._pool
        answered = loop.run_in_executor(pool, lambda: self.bridge.answer(request, connection.client, last=last))
        self._at_work.add(answered)
        answered.add_done_callback(partial(self._deliver, connection))

    def _deliver(self, connection: HttpConnection, answered: asyncio.Future[Answer]) -> None:
        self._at_work.discard(answered)
        if not answered.cancelled():
            connection.deliver(answered.result())

    def _is_last(self, connection: HttpConnection) -> bool:
        return self.stopping and connection.is_last_request

    def _answer_here(self, request: Request, connection: HttpConnection) -> None:
        connection.deliver(self.bridge.answer(request, connection.client, last=self._is_last(connection)))

    def _report_cut(self) -> None:
        """Log which clients were cut: all of half a second in one line, since they may be many."""
        if cut := self.room.take_cut():
            logging.getLogger("rtgmock").warning(
                "Connections that were cut, since their clients took nothing of an answer: %d", cut
            )

    def refuse(self, refusal: Refusal) -> Answer:
        """Record a refused request, and return its answer."""
        self._on_refusal(refusal.status, refusal.line, refusal.sentence)
        return self.bridge.refuse(refusal)

    def tunnel(self, connection: HttpConnection, request: TunnelRequest) -> None:
        """Go on with TLS, by another connection on the same transport."""
        self._handshakes.tunnel(connection, request)

    def _date(self) -> str:
        """Return the value of the ``Date`` header, which is the machine's time."""
        second = int(time.time())
        if self._dated[0] != second:
            self._dated = (second, formatdate(second, usegmt=True))
        return self._dated[1]


async def _turns(count: int) -> None:
    """Let the loop call what is ready, ``count`` times."""
    for _ in range(count):
        await asyncio.sleep(0)
