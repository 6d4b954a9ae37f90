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

_AT_ONCE = 64 * 1024
"""Bytes that are given to a transport at once. The rest of an answer waits here, where it isn't copied."""
_AT_ONCE_TLS = 16 * 1024
"""With TLS they are copied several times."""
_NOTHING = memoryview(b"")  # an empty part of an answer would keep all of it in memory
# struct linger {on, 0 seconds}: close() then resets the connection. Windows has shorts in it.
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class AnswerWriter:
    """Writes one answer at a time to a transport, and calls ``on_sent`` when the system has taken all of it.

    Until then ``on_untaken`` is told how many bytes wait for the client, and 0 when it has taken some.
    """

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        below: asyncio.WriteTransport | None,
        *,
        on_sent: Callable[[Answer], None],
        on_untaken: Callable[[int], None],
    ) -> None:
        self._transport = transport
        self._below = below
        """Where TLS sends what it has encrypted."""
        self._socket_transport = below or transport
        self._at_once = _AT_ONCE_TLS if below else _AT_ONCE
        self._on_sent = on_sent
        self._on_untaken = on_untaken
        self._answer: Answer | None = None
        self._hold: asyncio.TimerHandle | None = None
        self._unsent = _NOTHING
        self._congested = False
        self._last_buffered = 0
        self._progress_at = 0.0

    @property
    def buffered(self) -> int:
        """The bytes that the client has not taken yet."""
        encrypted = self._below.get_write_buffer_size() if self._below else 0
        return self._transport.get_write_buffer_size() + encrypted + len(self._unsent)

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
            self._hold.cancel()
            self._hold = None
            self._begin(self._answer)

    def cancel(self) -> None:
        """Send nothing more, and keep nothing in memory."""
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None
        self._answer, self._unsent = None, _NOTHING

    def pause(self) -> None:
        """Wait until the transport can take more."""
        self._congested = True
        # The rest of a body keeps all of it in memory.
        whole = len(self._answer.body) if self._answer and self._unsent else 0
        self._on_untaken(whole + self.buffered - len(self._unsent))

    def resume(self) -> None:
        """Send on."""
        self._congested = False
        self._on_untaken(0)
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
        if len(answer.body) <= self._at_once:
            self._transport.write(answer.head + answer.body)
        else:
            self._unsent = memoryview(answer.body)
            self._transport.write(answer.head)
        self._send_on()

    def _send_on(self) -> None:
        while self._unsent and not self._congested and not self._socket_transport.is_closing():
            part, self._unsent = self._unsent[: self._at_once], self._unsent[self._at_once :]
            self._transport.write(part)
        if self._answer is not None and not (self.is_held or self._unsent or self._congested):
            answer, self._answer = self._answer, None
            self._unsent = _NOTHING
            self._on_sent(answer)

    def _reset(self) -> None:
        """Let the client see a reset, and not an orderly end."""
        connected = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it may be closed by now
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._answer = None
        self._transport.abort()
