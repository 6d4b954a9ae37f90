"""Text helpers: sizes, text of clients made printable, and the known word nearest to a misspelt one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KB, MB, GB, TB = 2**10, 2**20, 2**30, 2**40
UNITS = {"": 1, "B": 1, "KB": KB, "MB": MB, "GB": GB, "TB": TB}


def parse_size(text: str) -> int:
    """Return the bytes that ``64GB``, ``25 mb``, ``1.5G`` or a plain number means, in powers of 1024.

    Raises ValueError for anything else.
    """
    # Fifteen digits are exact in a float.
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]{0,2})\s*", text, re.ASCII | re.IGNORECASE)
    unit = match[2].upper() if match else ""
    factor = UNITS.get(unit, UNITS.get(unit + "B"))
    size = int(float(match[1]) * factor) if match and factor else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size; write it as 64GB, 500MB or a number of bytes")
    return size


def format_size(size: int) -> str:
    """Return bytes in the largest unit that gives at least 1: ``100 MB``, ``1.5 GB``."""
    for unit, factor in (("TB", TB), ("GB", GB), ("MB", MB), ("KB", KB)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} byte{'s' if size != 1 else ''}"


def printable(text: str, limit: int = 80) -> str:
    """Return text of a client, fit for a header, a log line or a sentence: ASCII, one line, of bounded length."""
    escaped = text.encode("unicode_escape").decode("ascii")
    return escaped if len(escaped) <= limit else escaped[: limit - 3] + "..."


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word that is most similar to ``word``; None when none is similar enough."""
    import difflib  # noqa: PLC0415 - its import takes time that only a mistake should cost

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)
