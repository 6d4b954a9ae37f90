"""Accepts connections, as long as there is room for them."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from rtgmock.network import listening_hosts

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.server.room import Room

_ACCEPTED_AT_ONCE = 16
"""Connections that are accepted in one turn of the loop."""
_REST_SECONDS = 0.1
_SEND_BUFFER = 128 * 1024
"""Bytes of answers that the system keeps for each connection (Linux takes twice as much, for its own needs)."""
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """Listens from its construction on (OSError if it can't), and accepts between ``open`` and ``close``.

    ``take`` is called with each new connection, for which there is a place in ``room`` then.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        take: Callable[[socket.socket], None],
        room: Room,
    ) -> None:
        self._sockets = _listen_on_all(host, port)
        self._take = take
        self._room = room
        self._accepting = self._closed = False
        self._rest_end: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    def open(self) -> None:
        """Accept connections, in the running loop; also before a rest is over."""
        if not (self._accepting or self._closed):
            self._accepting = True
            for listening in self._sockets:
                asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Accept the connections that the kernel has completed, whose requests are on their way, and no more."""
        for listening in self._sockets:
            while self._accepting and self._accept(listening):
                pass
        self._stop_accepting()
        self._closed = True
        for listening in self._sockets:
            listening.close()

    def _rest(self) -> None:
        """Accept nothing for a moment: else the loop would report the same newcomer again and again."""
        self._stop_accepting()
        if self._rest_end:
            self._rest_end.cancel()
        self._rest_end = asyncio.get_running_loop().call_later(_REST_SECONDS, self.open)

    def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting = False
            for listening in self._sockets:
                asyncio.get_running_loop().remove_reader(listening)

    def _accept(self, listening: socket.socket) -> bool:
        """Accept some connections; return whether there may be more."""
        for accepted in range(_ACCEPTED_AT_ONCE):
            if accepted and self._room.is_full:
                return False  # whether there is another newcomer, to close a connection for, is known in the next turn
            if self._room.is_full and not self._room.make_place():
                self._rest()
                return False
            try:
                connected, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return False
            except OSError as error:
                if error.errno not in _OUT_OF_FILES:
                    raise
                self._rest()
                return False
            self._take(connected)
        return True


def _listen_on_all(host: str, port: int, attempts: int = 5) -> list[socket.socket]:
    """Return sockets that listen on the same port of all addresses of a host. Raises OSError."""
    sockets: list[socket.socket] = []
    try:
        for address in listening_hosts(host):
            sockets.append(_listen(address, sockets[0].getsockname()[1] if sockets else port))
    except OSError:
        for listening in sockets:
            listening.close()
        # The free port of the first address may be taken at the second one.
        if port or not (sockets and attempts):
            raise
        return _listen_on_all(host, port, attempts - 1)
    return sockets


def _listen(host: str, port: int) -> socket.socket:
    # For a str, Python imports what names in other scripts need, which takes half a megabyte.
    name = host.encode() if host.isascii() else host
    family, _, _, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # the same on every system
        # Inherited by each connection. The system would keep megabytes for each client that doesn't read.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        listener.bind(address)
        listener.listen(1024)
        listener.setblocking(False)  # noqa: FBT003
    except BaseException:
        listener.close()
        raise
    return listener
