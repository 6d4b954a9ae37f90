"""What the HTTP server lets a fault do to the connection of a request."""

from __future__ import annotations

from typing import Protocol

KEY = "rtgmock.connection"
"""The key of the connection in the WSGI environment."""


class Connection(Protocol):
    """How the response to the current request is sent. No method blocks."""

    def delay(self, seconds: float) -> None:
        """Delay the response by some seconds."""
        ...

    def truncate(self, length: int) -> None:
        """Send only ``length`` bytes of the body, under the headers of the whole, and close."""
        ...

    def drop(self) -> None:
        """Send nothing, and reset the connection."""
        ...
