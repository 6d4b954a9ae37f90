"""Sends an answer when its faults allow it, and as fast as its client takes it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.server.wsgi import Answer

MAX_UNSENT = 64 * 1024
"""Bytes that a transport keeps before the rest of an answer waits here, where it isn't copied."""
# struct linger {on, 0 seconds}: close() then resets the connection. Windows has shorts in it.
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class AnswerWriter:
    """Writes one answer at a time to a transport, and calls ``on_sent`` when it has taken all of it."""

    def __init__(self, transport: asyncio.WriteTransport, on_sent: Callable[[Answer], None]) -> None:
        self._transport = transport
        self._on_sent = on_sent
        self._answer: Answer | None = None
        self._hold: asyncio.TimerHandle | None = None
        self._unsent = memoryview(b"")
        self._congested = False
        self._last_buffered = 0
        self._progress_at = 0.0
        transport.set_write_buffer_limits(MAX_UNSENT)

    @property
    def buffered(self) -> int:
        """The bytes that the client has not taken yet."""
        return self._transport.get_write_buffer_size() + len(self._unsent)

    @property
    def is_held(self) -> bool:
        """Whether the answer is delayed by a fault."""
        return self._hold is not None

    def send(self, answer: Answer, *, at_once: bool) -> None:
        """Send an answer, after its delay unless ``at_once``."""
        self._answer = answer
        if answer.faults.seconds and not at_once:
            self._hold = asyncio.get_running_loop().call_later(answer.faults.seconds, self.release)
        else:
            self._begin(answer)

    def release(self) -> None:
        """Send a delayed answer now."""
        if self._hold is not None and self._answer is not None:
            self.cancel()
            self._begin(self._answer)

    def cancel(self) -> None:
        """Don't send a delayed answer."""
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None

    def pause(self) -> None:
        """Wait until the transport can take more."""
        self._congested = True

    def resume(self) -> None:
        """Send on."""
        self._congested = False
        self._send_on()

    def is_stalled(self, now: float, seconds: float) -> bool:
        """Return whether the client has taken no byte for so long. To be asked now and then."""
        buffered = self.buffered
        if buffered != self._last_buffered:
            self._last_buffered, self._progress_at = buffered, now
        return bool(buffered) and now - self._progress_at > seconds

    def _begin(self, answer: Answer) -> None:
        if answer.faults.dropped:
            self._reset()
            return
        self._last_buffered = 0
        if len(answer.body) <= MAX_UNSENT:
            self._transport.write(answer.head + answer.body)
        else:
            self._transport.write(answer.head)
            self._unsent = memoryview(answer.body)
        self._send_on()

    def _send_on(self) -> None:
        while self._unsent and not self._congested:
            part, self._unsent = self._unsent[:MAX_UNSENT], self._unsent[MAX_UNSENT:]
            self._transport.write(part)
        if self._answer is not None and not (self.is_held or self._unsent or self._congested):
            answer, self._answer = self._answer, None
            self._on_sent(answer)

    def _reset(self) -> None:
        """Let the client see a reset, and not an orderly end."""
        connected = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it may be closed by now
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._answer = None
        self._transport.abort()
