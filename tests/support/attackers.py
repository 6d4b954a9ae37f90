"""Hostile clients, each kind a function; ``tests.support.attack`` runs many of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

from tests.support import raw

STEP_SECONDS = 0.5
"""The time between two bytes of a slow client."""
BODY = 2**20
"""The largest body that the server takes."""

HEALTH = b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
LIST = raw.head(f"{raw.LIST}\nConnection: keep-alive")
POST = f"POST /instances.json HTTP/1.1\n{raw.AUTHORIZED}\nContent-Type: application/json"

UNCHECKED = ssl.create_default_context()
UNCHECKED.check_hostname, UNCHECKED.verify_mode = False, ssl.CERT_NONE


class Attacker:
    """A client with one connection. It calls ``ready`` when it has sent what it sends first."""

    def __init__(self, port: int, number: int, ready: Callable[[], None]) -> None:
        self.address = ("127.0.0.1", port)
        self.number = number
        self.ready = ready
        self.connected = socket.socket()

    async def connect(self, *, receive_buffer: int = 0) -> None:
        self.connected = socket.socket()
        self.connected.setblocking(False)
        if receive_buffer:
            self.connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(self.connected, self.address)

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.connected, data)

    async def until_closed(self) -> None:
        """Read and forget until the server closes the connection."""
        while await asyncio.get_running_loop().sock_recv(self.connected, 65536):
            pass

    async def trickle(self, unit: bytes, seconds: float = STEP_SECONDS) -> None:
        """Send a few bytes again and again. Raises OSError when the server has ended the connection."""
        self.ready()
        ended = asyncio.ensure_future(self.until_closed())
        try:
            while not ended.done():
                await self.send(unit)
                await asyncio.wait([ended], timeout=seconds)
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    def reset(self) -> None:
        """Close the connection by a reset."""
        self.connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connected.close()


async def idle(attacker: Attacker) -> None:
    """Asks once, and keeps the connection."""
    await attacker.connect()
    await attacker.send(HEALTH)
    await asyncio.get_running_loop().sock_recv(attacker.connected, 65536)
    attacker.ready()
    await attacker.until_closed()


async def idle_after_list(attacker: Attacker) -> None:
    """Takes a large answer, and keeps the connection."""
    await attacker.connect()
    await attacker.send(LIST)
    received = b""
    while not raw.is_whole(received):
        received += await asyncio.get_running_loop().sock_recv(attacker.connected, 2**20)
    attacker.ready()
    await attacker.until_closed()


async def slow_headers(attacker: Attacker) -> None:
    await attacker.connect()
    await attacker.send(b"GET /instances.json HTTP/1.1\r\nX: ")
    await attacker.trickle(b"x")


async def slow_body(attacker: Attacker) -> None:
    """Sends nearly all of the largest body at once, and the rest slowly."""
    await attacker.connect()
    await attacker.send(raw.head(f"{POST}\nContent-Length: {BODY}") + b" " * (BODY - 1000))
    await attacker.trickle(b" ")


async def no_reader(attacker: Attacker) -> None:
    """Asks for a large answer many times, and reads none."""
    await attacker.connect(receive_buffer=4096)
    asked = asyncio.ensure_future(attacker.send(LIST * 2000))
    await asyncio.wait([asked], timeout=STEP_SECONDS)
    attacker.ready()
    await asked
    await asyncio.Event().wait()


async def half_open_handshake(attacker: Attacker) -> None:
    """Begins a TLS handshake, and sends a byte, a part or all of its first message."""
    await attacker.connect()
    hello = tls_hello()
    await attacker.send(hello[: (1, 100, len(hello))[attacker.number % 3]])
    attacker.ready()
    await attacker.until_closed()


async def held_answer(attacker: Attacker) -> None:
    """Asks for what a fault delays."""
    await attacker.connect()
    await attacker.send(LIST)
    attacker.ready()
    await attacker.until_closed()


async def single_bytes(attacker: Attacker) -> None:
    """Sends whole requests, each byte in a segment of its own, as fast as possible."""
    await attacker.connect()
    attacker.ready()
    for byte in itertools.cycle(LIST):
        await attacker.send(bytes([byte]))
        await asyncio.sleep(0)
        with contextlib.suppress(BlockingIOError):
            if not attacker.connected.recv(65536):
                return


async def resets(attacker: Attacker) -> None:
    """Connects, sends a part of a request, and resets the connection, up to fifty times a second."""
    attacker.ready()
    while True:
        await attacker.connect()
        await attacker.send(LIST[: attacker.number % len(LIST)])
        attacker.reset()
        await asyncio.sleep(0.02)


async def never_continued(attacker: Attacker) -> None:
    """Is told to continue with the body, and sends none."""
    await attacker.connect()
    await attacker.send(raw.head(f"{POST}\nContent-Length: 100\nExpect: 100-continue"))
    attacker.ready()
    await attacker.until_closed()


async def slow_chunks(attacker: Attacker) -> None:
    await attacker.connect()
    await attacker.send(raw.head(f"{POST}\nTransfer-Encoding: chunked"))
    await attacker.trickle(b"1\r\nx\r\n")


async def blank_chunks(attacker: Attacker) -> None:
    """Sends bodies in which each line looks like the end of the body, as fast as possible."""
    await attacker.connect()
    attacker.ready()
    size = BODY // 2
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"\r\n" * (size // 2))
    while True:
        await attacker.send(raw.head(f"{POST}\nTransfer-Encoding: chunked\nConnection: keep-alive") + chunk)
        if not await asyncio.get_running_loop().sock_recv(attacker.connected, 65536):
            return


async def silent_tunnel(attacker: Attacker) -> None:
    """Is granted a tunnel, and sends nothing in it."""
    await attacker.connect()
    await attacker.send(b"CONNECT redistogo.com:443 HTTP/1.1\r\n\r\n")
    await asyncio.get_running_loop().sock_recv(attacker.connected, 65536)
    attacker.ready()
    await attacker.until_closed()


async def tls_idle(attacker: Attacker) -> None:
    """Asks once over TLS, and keeps the connection."""
    reader, writer = await asyncio.open_connection(*attacker.address, ssl=UNCHECKED)
    try:
        writer.write(HEALTH)
        await reader.read(1)
        attacker.ready()
        while await reader.read(65536):
            pass
    finally:
        writer.transport.abort()


async def tls_no_reader(attacker: Attacker) -> None:
    """Asks over TLS for a large answer many times, and reads none."""
    await attacker.connect(receive_buffer=4096)
    # asyncio stops reading when it holds twice the limit.
    _, writer = await asyncio.open_connection(sock=attacker.connected, ssl=UNCHECKED, server_hostname="", limit=1)
    try:
        writer.write(LIST * 2000)
        attacker.ready()
        await writer.wait_closed()
    finally:
        writer.transport.abort()


Kind = Callable[[Attacker], Awaitable[None]]
KINDS: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        idle,
        idle_after_list,
        slow_headers,
        slow_body,
        no_reader,
        half_open_handshake,
        held_answer,
        single_bytes,
        resets,
        never_continued,
        slow_chunks,
        blank_chunks,
        silent_tunnel,
        tls_idle,
        tls_no_reader,
    )
}


def tls_hello() -> bytes:
    """Return the first message of a TLS handshake."""
    outgoing = ssl.MemoryBIO()
    client = UNCHECKED.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
