"""TCP ports for tests: never two tests, workers or test runs on this machine with the same one."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below the ephemeral ports, which the system gives to outgoing connections (32768 and up on Linux).
_BLOCKS = tuple(range(first, first + 100) for first in range(20000, 32000, 100))
_LOCKS = Path(tempfile.gettempdir(), f"rtgtest-ports-{os.getuid()}")


class PortBlock:
    """A block of ports that belongs to this process until it ends, handed out in turn.

    That a port is free when a test chooses it says nothing of the moment when its emulator listens there: another
    pytest-xdist worker may have chosen it as well. So each process takes its ports from a block that it has locked.
    """

    def __init__(self, ports: range, lock: FileLock) -> None:
        self.number = _BLOCKS.index(ports)
        self._ports = ports
        self._lock = lock
        self._next = 0

    @classmethod
    def reserve(cls) -> PortBlock:
        """Lock the first block that no other process has. Raises LookupError when all are taken."""
        _LOCKS.mkdir(exist_ok=True)
        for ports in _BLOCKS:
            lock = FileLock(_LOCKS / str(ports[0]))
            with contextlib.suppress(Timeout):
                lock.acquire(blocking=False)
                return cls(ports, lock)
        raise LookupError("all blocks of ports are in use by other test processes")

    def take(self, count: int) -> range:
        """Return ``count`` neighbouring ports on which nothing listens, the least recently used ones first."""
        for _ in range(len(self._ports)):
            first = self._next if self._next + count <= len(self._ports) else 0
            self._next = first + count
            ports = self._ports[first : first + count]
            if all(map(is_port_free, ports)):
                return ports
        raise LookupError(f"there are no {count} free ports next to each other in {self._ports}")


@cache
def _own_block() -> PortBlock:
    return PortBlock.reserve()


def free_ports(count: int) -> range:
    """Return ``count`` neighbouring ports on which nothing listens and which no other test process uses."""
    return _own_block().take(count)


def process_number() -> int:
    """Return a number below 120 that no other test process on this machine has now."""
    return _own_block().number


def is_port_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("0.0.0.0", port))
        return True
    return False


@contextlib.contextmanager
def occupied(port: int, *, silently: bool = False) -> Iterator[None]:
    """Listen on the port as a foreign server: one that closes each connection, or with ``silently`` never answers."""
    with socket.create_server(("127.0.0.1", port)) as other, ThreadPoolExecutor(1) as pool:
        if not silently:
            pool.submit(_close_connections, other)
        try:
            yield
        finally:
            other.shutdown(socket.SHUT_RDWR)


def _close_connections(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            listener.accept()[0].close()
