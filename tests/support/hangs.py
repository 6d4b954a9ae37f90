"""Ways in which a Redis hangs: it runs, takes connections, and answers nothing."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from tests.support.redis_client import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAYS: dict[str, Callable[[str, psutil.Process], contextlib.AbstractContextManager[None]]] = {}
"""By name: hangs the Redis at a URL, which is a process, as long as the block lasts."""


def _way(
    hang: Callable[[str, psutil.Process], contextlib.AbstractContextManager[None]],
) -> Callable[[str, psutil.Process], contextlib.AbstractContextManager[None]]:
    WAYS[getattr(hang, "__name__", "")] = hang
    return hang


@_way
@contextlib.contextmanager
def suspended(url: str, server: psutil.Process) -> Iterator[None]:
    server.suspend()
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            server.resume()


@_way
@contextlib.contextmanager
def paused(url: str, server: psutil.Process) -> Iterator[None]:
    ask(url, "CLIENT", "PAUSE", 60_000)
    yield


@_way
@contextlib.contextmanager
def busy(url: str, server: psutil.Process) -> Iterator[None]:
    """Run a script without an end: after five seconds of it Redis answers everything with an error."""
    place = urlsplit(url)
    with socket.create_connection((str(place.hostname), place.port or 0)) as client:
        client.sendall(f"AUTH {place.password}\r\n".encode())
        assert client.recv(100) == b"+OK\r\n"
        client.sendall(b"EVAL 'while true do end' 0\r\n")
        yield
