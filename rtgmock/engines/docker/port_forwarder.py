"""Passes TCP connections on, from a port of the emulator's own to where an instance's Redis is at that moment."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable

    Locate = Callable[[], tuple[str, int]]
    """Where a connection shall lead; asked anew for each one. Raises OSError where it leads nowhere."""

T = TypeVar("T")

_CONNECT_TIMEOUT = 5.0
_CHUNK = 64 * 1024
_BACKLOG = 511
"""As many as Redis itself lets wait."""


class Forwarder:
    """Listens on ports of ``host`` and passes every connection on. One thread serves them all.

    What either side sends goes to the other as fast as that one takes it, and the end of it too; a side that
    breaks off, or that cannot be reached, breaks off the other one.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._ways: dict[int, _Way] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rtgmock-forward", daemon=True)
        self._thread.start()

    def open(self, key: int, port: int, locate: Locate) -> None:
        """Pass on what comes to a port, unless that is done already; ``key`` has one port. Raises OSError."""
        with self._lock:
            way = self._ways.get(key)
            if way is None or way.port != port:
                self._shut(key)
                self._ways[key] = self._run(_Way(port, locate).opened(self._host))

    def shut(self, key: int) -> None:
        """Listen no more on the port of ``key``, and break off its connections."""
        with self._lock:
            self._shut(key)

    def _shut(self, key: int) -> None:
        if way := self._ways.pop(key, None):
            self._run(way.shut())

    def close(self) -> None:
        """Shut all ports, and end the thread."""
        for key in list(self._ways):
            self.shut(key)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@dataclass
class _Way:
    """One port and its connections."""

    port: int
    locate: Locate
    server: asyncio.Server | None = None
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def opened(self, host: str) -> _Way:
        self.server = await asyncio.start_server(self._accept, host, self.port, backlog=_BACKLOG)
        return self

    async def shut(self) -> None:
        if self.server is not None:
            self.server.close()
        for task in self.connections:
            task.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._pass_on(reader, writer))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What fails is the network's fault or a side's wish: that the other side is broken off says all.
        with contextlib.suppress(OSError):
            async with _kept(writer):
                async with asyncio.timeout(_CONNECT_TIMEOUT):
                    host, port = await asyncio.to_thread(self.locate)
                    far_reader, far_writer = await asyncio.open_connection(host, port)
                async with _kept(far_writer):
                    await _all(_copy(reader, far_writer), _copy(far_reader, writer))


@contextlib.asynccontextmanager
async def _kept(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection once it has taken all that was written; break it off when anything fails before."""
    try:
        # A side that is gone without a word would else be waited for for ever.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        yield
        writer.close()
        await writer.wait_closed()
    finally:
        writer.transport.abort()


async def _all(*works: Coroutine[None, None, None]) -> None:
    """Wait for all of them, or for the first one that fails, with which all end. Raises what that one does."""
    tasks: Iterable[asyncio.Task[None]] = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
