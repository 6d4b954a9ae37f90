"""What faults do to a connection: an answer kept back, sent in part, or not at all. Nothing here blocks a thread.

An answer that is kept back waits in its connection's buffer, and the server's loop sends it when its time has
come: a thousand of them cost no thread, and a stop sends them at once.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from rtgmock.faults.connection import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_LINGERING = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Handle:
    """The ``Connection`` that an application is given for one request."""

    def __init__(self, hold: Callable[[float], None]) -> None:
        self.hold = hold
        self.dropped = False
        self.length: int | None = None

    def cut(self, length: int) -> None:
        """Send so many bytes of the answer's body, under the head of the whole, and close."""
        self.length = length

    def drop(self) -> None:
        """Send nothing, and reset the connection."""
        self.dropped = True


class FaultyTask(WSGITask):
    """One request and its answer, which goes out as the application said by the handle."""

    def __init__(self, channel: Any, request: Any) -> None:
        super().__init__(channel, request)
        self.handle = Handle(channel.hold)

    def get_environment(self) -> dict[str, Any]:
        """What the application is told, with the handle."""
        environ: dict[str, Any] = super().get_environment()
        environ[KEY] = self.handle
        return environ

    def write(self, data: bytes) -> None:
        """Write a piece of the answer, as far as it shall go out."""
        if self.handle.dropped:
            self.content_length = None  # nothing is missing of what is not sent
            return
        if self.handle.length is not None and not self.wrote_header:
            super().write(b"")
            self.content_length, self.logged_write_excess = self.handle.length, True
            self.close_on_finish = True
        super().write(data)

    def finish(self) -> None:
        """End the answer."""
        super().finish()
        if self.handle.dropped:
            self.close_on_finish = True
            self.channel.reset()


class FaultyChannel(HTTPChannel):
    """A connection whose answers may be kept back, and which may be reset."""

    task_class = FaultyTask

    _held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Keep back what is not sent yet, and what comes after it."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)
        self.server.held.add(self)

    @property
    def held_for(self) -> float:
        """The seconds for which answers are kept back yet; none once the server stops."""
        if not self._held_until or self.server.stopping:
            return 0.0
        return max(self._held_until - time.monotonic(), 0.0)

    def release_if_left(self) -> None:
        """Keep nothing back for a client that has closed its side, so that the connection is not one for nothing."""
        watch = select.poll() if hasattr(select, "poll") else None
        if watch is not None and self.connected:
            watch.register(self.socket, getattr(select, "POLLRDHUP", 0))  # Linux alone; the others see a reset
            if watch.poll(0):
                self._held_until, self.will_close = 0.0, True

    def writable(self) -> bool:
        """Whether the loop has anything to do here."""
        return not self.held_for and bool(super().writable())

    def _flush_some(self, do_close: bool = True) -> bool:  # noqa: FBT001, FBT002 - waitress's own
        return not self.held_for and bool(super()._flush_some(do_close))

    def reset(self) -> None:
        """Close without a goodbye, once nothing is kept back: the client sees a reset."""
        with contextlib.suppress(OSError, AttributeError):  # it may be closed by now
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
            self.socket.silence()  # which only one that speaks TLS has
        self.will_close = True
