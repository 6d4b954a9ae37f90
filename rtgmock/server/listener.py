"""Accepts connections, as long as there is room for them."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ACCEPTED_AT_ONCE = 64
"""Connections that are accepted in one turn of the loop."""
_REST_SECONDS = 0.1
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """A socket that listens from its construction on (OSError if it can't), and accepts between ``open`` and ``close``.

    ``take`` is called with each new connection. When ``is_full`` says so, ``make_room`` is called before, and returns
    whether there is room now.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        take: Callable[[socket.socket], None],
        is_full: Callable[[], bool],
        make_room: Callable[[], bool],
    ) -> None:
        self._socket = _listen(host, port)
        self._take = take
        self._is_full = is_full
        self._make_room = make_room
        self._accepting = self._closed = False

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = self._socket.getsockname()[1]
        return port

    def open(self) -> None:
        """Accept connections, in the running loop; also after a rest."""
        if not (self._accepting or self._closed):
            self._accepting = True
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Accept the connections that the kernel has completed, whose requests are on their way, and no more."""
        if self._accepting:
            self._accept()
            self._rest()
        self._closed = True
        self._socket.close()

    def _rest(self) -> None:
        if self._accepting:
            self._accepting = False
            asyncio.get_running_loop().remove_reader(self._socket)

    def _accept(self) -> None:
        for accepted in range(_ACCEPTED_AT_ONCE):
            if accepted and self._is_full():
                return  # whether there is another newcomer, to close a connection for, is known in the next turn only
            if self._is_full() and not self._make_room():
                self._rest()  # until a connection ends; the newcomer waits in the kernel's queue
                return
            try:
                connected, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_FILES:
                    raise
                self._rest()  # else the loop would report the same connection again and again
                asyncio.get_running_loop().call_later(_REST_SECONDS, self.open)
                return
            self._take(connected)


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # the same on every system
        listener.bind(address)
        listener.listen(1024)
        listener.setblocking(False)  # noqa: FBT003
    except BaseException:
        listener.close()
        raise
    return listener
