"""What the HTTP server lets a fault do to the connection that its request came by."""

from __future__ import annotations

from typing import Protocol

KEY = "rtgmock.connection"
"""Where an application finds the connection in its WSGI environment."""


class Connection(Protocol):
    """Says how the answer that is being made goes out; nothing of it blocks."""

    def hold(self, seconds: float) -> None:
        """Keep the answer back for some seconds."""
        ...

    def cut(self, length: int) -> None:
        """Send so many bytes of the answer's body, under the head of the whole, and close."""
        ...

    def drop(self) -> None:
        """Send nothing, and reset the connection."""
        ...
