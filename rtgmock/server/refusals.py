"""Requests that the HTTP server refuses itself: those that cannot be read, exceed a limit or take too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.errors import ContentTooLarge

if TYPE_CHECKING:
    import httptools

    from rtgmock.server.limits import Limits

BARE_LF = "a CR or LF stands alone in its head; end each line with CR LF"
"""Why a head is refused that other servers may divide in another way (RFC 9112, section 2.2), and what to send."""
# What is said for llhttp's own words.
_REASONS = {
    "Invalid header token": "Invalid header",
    "Invalid character in chunk size": "Invalid chunk size",
    "Missing expected CR after header value": BARE_LF,
    "Missing expected LF after header value": BARE_LF,
}


class Refusal(Exception):
    """A request that doesn't reach the application, and ends its connection.

    Where it ends is unknown, so that nothing behind it can be read. ``line`` is the request line, for the log; empty
    when there is none.
    """

    def __init__(self, status: int, sentence: str, line: bytes = b"", version: str = "1.0") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.line = line.decode("latin-1")
        self.version = version


def unreadable(reason: str, line: bytes = b"", version: str = "1.0") -> Refusal:
    """Return the refusal of what is no HTTP."""
    return Refusal(400, f"The request cannot be read: {reason}.", line, version)


def body_too_large(limits: Limits, line: bytes, version: str) -> Refusal:
    """Return the refusal of a body over the limit."""
    return Refusal(ContentTooLarge.status, str(ContentTooLarge(limits.body)), line, version)


def reason_of(error: httptools.HttpParserError) -> str:
    """Return what the parser says."""
    reason = str(error)
    return _REASONS.get(reason, reason)
