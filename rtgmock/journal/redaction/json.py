"""JSON as tokens, so that it stays as it was written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)


def well_formed(text: str) -> bool:
    """Whether a text is JSON, and of characters that can be shown."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def tokens(text: str) -> list[str]:
    """The tokens of well-formed JSON, white space included; a string that has no end is left out."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while match := _TOKEN.match(text, place):
        yield match[0]
        place = match.end()


def plain(token: str) -> str:
    """The text that a string's token stands for; any other token as it is."""
    if token[0] != '"':
        return token
    if "\\" not in token:
        return token[1:-1]
    text: str = json.loads(token)
    return text.encode(errors="backslashreplace").decode()  # half a surrogate pair cannot be shown


def after_colon(found: list[str], place: int) -> int | None:
    """Where the value begins whose name stands before ``place``; None where what stands there is no name."""
    place = _after_space(found, place)
    if place == len(found) or found[place] != ":":
        return None
    return _after_space(found, place + 1)


def _after_space(found: list[str], place: int) -> int:
    while place < len(found) and found[place].isspace():
        place += 1
    return place


def after_value(found: list[str], place: int) -> int:
    """Where the value ends that begins at ``place``."""
    depth = 0
    while place < len(found):
        depth += (found[place] in {"{", "["}) - (found[place] in {"}", "]"})
        place += 1
        if depth == 0:
            break
    return place
