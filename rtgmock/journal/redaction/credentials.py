"""Where credentials are in a text of no known format: a URL's user and password, or what an Authorization has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rtgmock.journal.redaction import patterns
from rtgmock.journal.redaction.encodings import has_any, pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    Span = tuple[int, int]
    """Where a secret begins and ends in a text."""

AUTH_SCHEMES = ("basic", "bearer", "digest")
"""Words that have credentials behind them."""

# Credentials outside their header: "Basic dXNlcjpwYXNz", "Bearer%20abcdefgh". Not "Basic realm=": that is a parameter.
# The quantifiers are possessive, and nothing long is tried twice: otherwise "basic++++++ =" and "basic+basic+basic =",
# would need quadratic time.
_CREDENTIALS = patterns.compile(
    r"\b(?:basic|bearer|digest)(?>(?:\s|%20|\+)+)([\w+/=.%-]{80,}+|[\w+/=.%-]{8,79}+(?!\s*=))", re.IGNORECASE
)
# The two slashes of a URL; JSON may write \/\/, a form %2F%2F.
_SLASHES = patterns.compile(rf"(?:\\?{pattern('/')}){{2}}", re.IGNORECASE)
_SLASH_PARTS = ("@", "/", "\\", "%", "&")
_AT = patterns.compile(pattern("@"), re.IGNORECASE)
# A user and a password without slashes before them, and a password whose @ is missing; the latter is not a port.
_BARE_USER = patterns.compile(r"(?<![^\s\"'<>=(,/])([^\s:@/\"'<>=(,]{1,80}+:(?!(?:\\?/){2})\S{1,400})@")
_NO_PORT = patterns.compile(r"[^\s:/?#\[\]]{0,80}+:(?!\d{1,5}(?!\w))(?=\S)")


def credentials(text: str) -> Iterator[Span]:
    """Give where the credentials are; they may overlap."""
    # Most texts have nothing that one of the patterns could match, and are read much faster so.
    if has_any(text, _SLASH_PARTS):
        yield from _users(text)
    if has_any(text.casefold(), AUTH_SCHEMES):
        yield from (match.span(1) for match in _CREDENTIALS.finditer(text))


def _users(text: str) -> Iterator[Span]:
    """Give where a user and a password are in a URL.

    They are between the first two slashes and the last @ after them: a password may have either sign in it.
    """
    if "@" in text:
        yield from (match.span(1) for match in _BARE_USER.finditer(text))
    if slashes := _SLASHES.search(text):
        start = slashes.end()
        user = _NO_PORT.match(text, start) if "@" not in text else None
        signs = [match.start() for match in _AT.finditer(text, start)]
        if user:
            yield user.end(), len(text)
        elif signs:
            yield start, signs[-1]
