"""Text helpers: sizes, text of clients made printable, and the known word nearest to a misspelt one."""

from __future__ import annotations

import re
import reprlib
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

KB, MB, GB, TB = 2**10, 2**20, 2**30, 2**40
_QUOTE = reprlib.Repr()
_QUOTE.maxstring = 80
_DURATIONS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "": 1.0}
"""Seconds of the units of a duration."""
_NUMBER = r"\d{1,12}(?:\.\d{1,9})?"
_DURATION = re.compile(
    rf"(?P<sign>-?)(?P<rest>{_NUMBER}|(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?)",
    re.ASCII,
)
UNITS = {"": 1, "B": 1, "KB": KB, "MB": MB, "GB": GB, "TB": TB}


def parse_size(text: str) -> int:
    """Return the bytes that ``64GB``, ``25 mb``, ``1.5G`` or a plain number means, in powers of 1024.

    Raises ValueError for anything else.
    """
    # Fifteen digits are exact in a float.
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:([a-z]{1,2})\s*)?", text, re.ASCII | re.IGNORECASE)
    unit = (match[2] or "").upper() if match else ""
    factor = UNITS.get(unit, UNITS.get(unit + "B"))
    size = int(float(match[1]) * factor) if match and factor else 0
    if size < 1:
        raise ValueError(f"{shortened(text)!r} is not a size; write it as 64GB, 500MB or a number of bytes")
    return size


def format_size(size: int) -> str:
    """Return bytes in the largest unit that gives at least 1: ``100 MB``, ``1.5 GB``."""
    for unit, factor in (("TB", TB), ("GB", GB), ("MB", MB), ("KB", KB)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} byte{'s' if size != 1 else ''}"


def printable(text: str, limit: int = 80) -> str:
    """Return text of a client, fit for a header, a log line or a sentence: ASCII, one line, of bounded length."""
    # Escapes lengthen a text, so its first characters are enough.
    return shortened(text[: limit + 1].encode("unicode_escape").decode("ascii"), limit)


def parse_duration(text: str) -> float:
    """Return the seconds that ``90s``, ``500ms``, ``1h30m``, ``-2d`` or a plain number means.

    Raises ValueError for anything else.
    """
    parts = _DURATION.fullmatch(text.strip().lower())
    if not parts or not parts["rest"]:
        raise ValueError(f"{shortened(text)!r} is not a duration; write it as 90s, 5m, 1h30m, 2d or 500ms")
    amounts = re.findall(r"([\d.]+)([a-z]*)", parts["rest"])
    seconds = sum(float(number) * _DURATIONS[unit] for number, unit in amounts)
    return -seconds if parts["sign"] else seconds


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 instance``, ``2 instances``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def quoted(value: object) -> str:
    """Return a value of JSON as Python writes it, in one line; what is long or nested deeply is cut."""
    return _QUOTE.repr(value)


def shortened(text: str, limit: int = 80) -> str:
    """Return a text of at most ``limit`` characters: what is longer is cut, and ends with three dots."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def percent_encoded(text: str) -> str:
    """Return a text as it stands in a URL: all but letters, digits and ``-._~`` is encoded."""
    return quote(text, safe="")


def encoding_note(name: str, value: str) -> str:
    """Return a warning for a value, called ``name``, that is encoded in the instances' URLs; empty if it is not."""
    if percent_encoded(value) == value:
        return ""
    return (
        f"{name} is percent-encoded in URLs, and not all clients decode it; letters, digits and -._~ stay as they are"
    )


def listed(names: Iterable[str], limit: int = 160) -> str:
    """Return names with commas between them; of many names, those that ``limit`` characters have room for."""
    text = ""
    for name in names:
        longer = f"{text}, {name}" if text else printable(name)
        if len(longer) > limit:
            return f"{text}, ..."
        text = longer
    return text


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word that is most similar to ``word``; None when none is similar enough."""
    # difflib reads a long word from end to end before it finds that its length rules every known word out.
    candidates = [candidate for candidate in known if _may_be_similar(word, candidate, cutoff)]
    if not candidates:
        return None
    import difflib  # noqa: PLC0415 - its import takes time that only a mistake should cost

    return next(iter(difflib.get_close_matches(word, candidates, n=1, cutoff=cutoff)), None)


def similarity(word: str, known: str, cutoff: float = 0.6) -> float:
    """Return the similarity of two words: 1 for equal ones, 0 when it is below ``cutoff``."""
    if word == known:
        return 1.0
    if not _may_be_similar(word, known, cutoff):
        return 0.0
    import difflib  # noqa: PLC0415 - as above

    ratio = difflib.SequenceMatcher(None, word, known, autojunk=False).ratio()
    return ratio if ratio >= cutoff else 0.0


def _may_be_similar(word: str, known: str, cutoff: float) -> bool:
    """Return whether the lengths of two words allow a similarity of ``cutoff``."""
    # difflib's similarity is the share of the characters that both words have in common.
    return 2 * min(len(word), len(known)) >= cutoff * (len(word) + len(known))
