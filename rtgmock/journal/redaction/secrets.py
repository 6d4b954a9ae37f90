"""What secrets are called, and how names and values may be escaped."""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from rtgmock.model.attributes import BY_NAME, SECRETS
from rtgmock.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "url"
"""The one secret attribute that is not a secret as a whole: the user's part of it alone is."""

_WHOLE = sorted(SECRETS - {URL}, key=len, reverse=True)
_LIKE = re.compile(r"pass|pwd|secret|token|cookie|authorization|api-?key", re.IGNORECASE)
_CLOSE = 0.75


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whether what bears this name is a secret: an attribute of the table, misspelt or not, or what sounds like one."""
    word = re.sub(r"\W+", "_", name.lower()).strip("_")
    if word in BY_NAME:
        return word in _WHOLE
    misspelt = nearest(word, _WHOLE, _CLOSE) or nearest(word.rpartition("_")[2], _WHOLE, _CLOSE)
    return bool(misspelt or _LIKE.search(name) or NAME.search(name))


def is_url(name: str) -> bool:
    """Whether what bears this name is a URL with a secret in it: ``url``, ``instance[url]``."""
    return re.search(rf"{URL}\W*$", name, re.IGNORECASE) is not None


def escaped(text: str) -> str:
    """A pattern of a text, each character as itself or as JSON, XML or a form may write it."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character == "_":
        return r"(?:[-_+. ]|%20|%2d|%5f|\\u005f)?"
    codes = {ord(character.lower()), ord(character.upper())}
    encodings = [rf"\\u00{code:02x}|%{code:02x}|&\#x0*{code:x};|&\#0*{code};" for code in sorted(codes)]
    return f"(?:{re.escape(character)}|{'|'.join(encodings)})"


_NAMES = "|".join(escaped(name) for name in _WHOLE)
NAME = re.compile(_NAMES, re.IGNORECASE)
"""A secret's name, wherever it stands."""
LABELLED = re.compile(
    rf"""((?:{_NAMES})(?:[\w\]\["'\\-]|%5b|%5d|%22)*(?:\s[^<>]{{0,80}}>|\s*(?:[=:>]|%3d|%3a)))(.*)""",
    re.IGNORECASE | re.DOTALL,
)
"""A secret's name, with what parts it from its value, and all that follows."""


def encodings(secret: str) -> Iterator[str]:
    """How a secret may be written."""
    yield from (secret, secret.encode("unicode_escape").decode())
    for way in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield from (way, re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), way))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False))
