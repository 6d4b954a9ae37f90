"""What faults do to a connection: they delay, truncate or drop a response. Nothing here blocks a thread.

A delayed response waits in its connection's buffer, and the server's loop sends it when it is due: a thousand of them
cost no thread, and a stop sends them at once.
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

# struct linger {on, 0 seconds}: close() then resets the connection. Windows has shorts in it.
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class ResponseFaults:
    """The ``Connection`` of one request: what the application wants done to its response."""

    def __init__(self, delay: Callable[[float], None]) -> None:
        self.delay = delay
        self.dropped = False
        self.length: int | None = None

    def truncate(self, length: int) -> None:
        """Send only ``length`` bytes of the body, under the headers of the whole, and close."""
        self.length = length

    def drop(self) -> None:
        """Send nothing, and reset the connection."""
        self.dropped = True


class FaultTask(WSGITask):
    """One request, whose response is sent as the application asked for by its ``ResponseFaults``."""

    def __init__(self, channel: Any, request: Any) -> None:
        super().__init__(channel, request)
        self.faults = ResponseFaults(channel.delay)

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment, with the ``ResponseFaults`` in it."""
        environ: dict[str, Any] = super().get_environment()
        environ[KEY] = self.faults
        return environ

    def write(self, data: bytes) -> None:
        """Write a part of the response, unless it is cut off."""
        if self.faults.dropped:
            self.content_length = None  # or waitress would warn of a body that is shorter than its Content-Length
            return
        if self.faults.length is not None and not self.wrote_header:
            super().write(b"")  # the headers, with the Content-Length of the whole body
            # From here on waitress believes in the shorter length, cuts the body there and logs no excess.
            self.content_length, self.logged_write_excess = self.faults.length, True
            self.close_on_finish = True
        super().write(data)

    def finish(self) -> None:
        """End the response."""
        super().finish()
        if self.faults.dropped:
            self.close_on_finish = True
            self.channel.reset()


class FaultChannel(HTTPChannel):
    """A connection whose responses can be delayed, and which can be reset."""

    task_class = FaultTask

    _delayed_until = 0.0

    def delay(self, seconds: float) -> None:
        """Delay what is not sent yet, and what comes after it. Called by a worker thread."""
        self._delayed_until = max(self._delayed_until, time.monotonic() + seconds)
        self.server.delayed_channels.add(self)

    @property
    def remaining_delay(self) -> float:
        """The seconds for which responses are still delayed; 0 once the server stops."""
        if not self._delayed_until or self.server.stopping:
            return 0.0
        return max(self._delayed_until - time.monotonic(), 0.0)

    def close_if_client_left(self) -> None:
        """Close the connection of a client that gave up during a delay; it would count against the limit."""
        poll = select.poll() if hasattr(select, "poll") else None
        if poll is not None and self.connected:
            # Only Linux reports a half-closed connection; elsewhere only a reset is noticed.
            poll.register(self.socket, getattr(select, "POLLRDHUP", 0))
            if poll.poll(0):
                self._delayed_until, self.will_close = 0.0, True

    def writable(self) -> bool:
        """Return whether the loop has anything to send or to close here."""
        return not self.remaining_delay and bool(super().writable())

    def _flush_some(self, do_close: bool = True) -> bool:  # noqa: FBT001, FBT002 - waitress's own signature
        return not self.remaining_delay and bool(super()._flush_some(do_close))

    def reset(self) -> None:
        """Close the connection, after its delay, so that the client sees a reset and not an orderly end."""
        with contextlib.suppress(OSError, AttributeError):  # it may be closed by now
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.socket.skip_close_notify()  # an AttributeError where the socket is not a TlsSocket
        self.will_close = True
