"""Masks what is secret in a text of no known format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.journal.redaction.credentials import credentials
from rtgmock.journal.redaction.labels import find_label
from rtgmock.journal.redaction.secrets import MASK

if TYPE_CHECKING:
    from rtgmock.journal.redaction.credentials import Span


def masked_from_label(text: str) -> str:
    """Mask what follows the name of a secret, and all credentials."""
    label = find_label(text)
    return masked(text, label.value if label else None)


def masked(text: str, cut: int | None) -> str:
    """Mask all from ``cut`` on, since nothing tells where a secret without a format ends, and all credentials.

    The cut is the last step: it may be within the password of a URL, whose end would be unknown behind it.
    """
    spans = list(credentials(text))
    if cut is not None and text[cut:].strip():
        spans.append((cut, len(text)))
    return _without(text, spans) if spans else text


def _without(text: str, spans: list[Span]) -> str:
    """Return ``text`` with a mask in place of each span; those that overlap get one mask together."""
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start > end or not parts:
            parts += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
