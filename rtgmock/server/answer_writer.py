"""Sends an answer as fast as its client takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from rtgmock.server.wsgi import Answer

MAX_UNSENT = 64 * 1024
"""Bytes that a transport keeps before the rest of an answer waits here, where it isn't copied."""


class AnswerWriter:
    """Writes one answer at a time to a transport, and calls ``on_sent`` when it has taken all of it."""

    def __init__(self, transport: asyncio.WriteTransport, on_sent: Callable[[Answer], None]) -> None:
        self._transport = transport
        self._on_sent = on_sent
        self._answer: Answer | None = None
        self._unsent = memoryview(b"")
        self._congested = False
        transport.set_write_buffer_limits(MAX_UNSENT)

    @property
    def buffered(self) -> int:
        """The bytes that the client has not taken yet."""
        return self._transport.get_write_buffer_size() + len(self._unsent)

    def send(self, answer: Answer) -> None:
        """Begin to send an answer."""
        self._answer = answer
        if len(answer.body) <= MAX_UNSENT:
            self._transport.write(answer.head + answer.body)
        else:
            self._transport.write(answer.head)
            self._unsent = memoryview(answer.body)
        self._send_on()

    def pause(self) -> None:
        """Wait until the transport can take more."""
        self._congested = True

    def resume(self) -> None:
        """Send on."""
        self._congested = False
        self._send_on()

    def _send_on(self) -> None:
        while self._unsent and not self._congested:
            part, self._unsent = self._unsent[:MAX_UNSENT], self._unsent[MAX_UNSENT:]
            self._transport.write(part)
        if self._answer is not None and not (self._unsent or self._congested):
            answer, self._answer = self._answer, None
            self._on_sent(answer)
