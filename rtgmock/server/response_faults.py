"""What faults do to the answer of a request: they delay, truncate or drop it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ResponseFaults:
    """The ``Connection`` of one request: what the application wants done to its answer."""

    seconds: float = 0.0
    """The delay."""
    length: int | None = None
    """The bytes of the body that are sent; None for all."""
    dropped: bool = False
    """Whether nothing is sent, and the connection is reset."""

    def delay(self, seconds: float) -> None:
        """Delay the answer by some seconds."""
        self.seconds = max(self.seconds, seconds)

    def truncate(self, length: int) -> None:
        """Send only ``length`` bytes of the body, under the headers of the whole, and close."""
        self.length = length

    def drop(self) -> None:
        """Send nothing, and reset the connection."""
        self.dropped = True
