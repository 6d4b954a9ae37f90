"""Forward TCP connections from the emulator's own ports to where each instance's Redis is at that moment."""

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
    """Returns the target's address; called for each connection, as a restart changes it. Raises OSError without one."""

T = TypeVar("T")

_CONNECT_TIMEOUT = 5.0
_CHUNK = 64 * 1024
_BACKLOG = 511
"""The same as Redis's own ``tcp-backlog``."""


class PortForwarder:
    """Listens on ports of ``host`` and forwards every connection. One thread with an event loop serves them all.

    Each direction is read only as fast as the other side takes it. The end of one direction is forwarded as well, while
    the other goes on. A side that breaks off, or cannot be reached, breaks off the other one.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._ports: dict[int, _ForwardedPort] = {}
        self._loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._loop.run_forever, name="rtgmock-forward", daemon=True)
        self.thread.start()

    def forward(self, key: int, port: int, locate: Locate) -> None:
        """Forward a port, unless it is forwarded already. A ``key`` has one port. Raises OSError."""
        with self._lock:
            forwarded = self._ports.get(key)
            if forwarded is None or forwarded.port != port:
                self._stop(key)
                self._ports[key] = self._run(_ForwardedPort(port, locate).listen(self._host))

    def stop(self, key: int) -> None:
        """Close the port of ``key``, and break off its connections."""
        with self._lock:
            self._stop(key)

    def _stop(self, key: int) -> None:
        if forwarded := self._ports.pop(key, None):
            self._run(forwarded.close())

    def close(self) -> None:
        """Close all ports, and end the thread. A second call does nothing."""
        for key in list(self._ports):
            self.stop(key)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self.thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@dataclass
class _ForwardedPort:
    """One port and its connections. Its methods run in the loop's thread."""

    port: int
    locate: Locate
    server: asyncio.Server | None = None
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def listen(self, host: str) -> _ForwardedPort:
        self.server = await asyncio.start_server(self._accept, host, self.port, backlog=_BACKLOG)
        return self

    async def close(self) -> None:
        # Not wait_closed(): since Python 3.12 it waits for the connections, which end below.
        if self.server is not None:
            self.server.close()
        for task in self.connections:
            task.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._relay(reader, writer))
        self.connections.add(task)  # the loop itself keeps only weak references to tasks
        task.add_done_callback(self.connections.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # An error is not reported: the client learns of it when its connection breaks off, as with a real server.
        with contextlib.suppress(OSError):
            async with _closed_after(writer):
                async with asyncio.timeout(_CONNECT_TIMEOUT):
                    host, port = await asyncio.to_thread(self.locate)  # asks Docker, which would block the loop
                    target_reader, target_writer = await asyncio.open_connection(host, port)
                async with _closed_after(target_writer):
                    await _run_until_first_error(_copy(reader, target_writer), _copy(target_reader, writer))


@contextlib.asynccontextmanager
async def _closed_after(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection after everything written has been sent; reset it when the block fails."""
    try:
        # Without keepalive, a peer that vanished without a FIN would keep the connection open for ever.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        yield
        writer.close()
        await writer.wait_closed()
    finally:
        writer.transport.abort()


async def _run_until_first_error(*works: Coroutine[None, None, None]) -> None:
    """Run all to their end. When one fails, cancel the others and raise its error."""
    tasks: Iterable[asyncio.Task[None]] = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()  # waits while the other side does not read, so that nothing piles up here
    writer.write_eof()
