"""JSON bodies: redacted token by token, so that white space and the order of keys stay as they were written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import orjson

from rtgmock.journal.redaction.secrets import MASK, NAME, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.journal.redaction.secrets import RedactValue

_TOKEN = re.compile(
    r"""
    \s+
    | "(?:[^"\\]|\\.)*"         # a string; one without an end matches nothing, and ends the tokens
    | [{}\[\],:]
    | [^\s"{}\[\],:]+           # a number, true, false or null
    """,
    re.DOTALL | re.VERBOSE,
)


def is_well_formed(text: str) -> bool:
    """Return whether ``text`` is JSON, and of characters that UTF-8 has."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def redacted(text: str, redact: RedactValue) -> str | None:
    """Return ``text`` with its strings redacted; None if a string in it is not well-formed.

    A string without an end, which a body has that was cut, is left out with all that follows.
    """
    try:
        return "".join(_redacted(list(_tokens(text)), redact))
    except ValueError:
        return None


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while match := _TOKEN.match(text, position):
        yield match[0]
        position = match.end()


def _redacted(tokens: list[str], redact: RedactValue) -> Iterator[str]:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token[0] != '"':
            yield token
            continue
        value = _value_after_name(tokens, position)
        yield _redacted_token("" if value is None else NAME, token, redact)
        if value is None:
            continue
        yield from tokens[position:value]
        position, name = value, _unquoted(token)
        if is_secret(name):
            # An object or a list under a secret's name is masked as a whole, like a string or a number.
            position = _end_of_value(tokens, value)
            yield _redacted_secret(name, tokens[value:position], redact)
        elif position < len(tokens) and tokens[position][0] == '"':
            yield _redacted_token(name, tokens[position], redact)
            position += 1


def _redacted_secret(name: str, value: list[str], redact: RedactValue) -> str:
    if value in ([], ["null"], ['""']):  # nothing to hide; that a password was null is worth knowing
        return "".join(value)
    for token in value:
        redact(name, _unquoted(token))  # tells the redactor what is secret
    return f'"{MASK}"'


def _redacted_token(name: str, token: str, redact: RedactValue) -> str:
    text = _unquoted(token)
    shown = redact(name, text)
    return token if shown == text else json.dumps(shown, ensure_ascii=False)


def _unquoted(token: str) -> str:
    """Return the text of a string token, any other token as it is. Raises ValueError for a wrong escape."""
    if token[0] != '"':
        return token
    if "\\" not in token:
        return token[1:-1]
    text: str = json.loads(token)
    return text.encode(errors="backslashreplace").decode()  # "\ud800", half a surrogate pair, has no UTF-8


def _value_after_name(tokens: list[str], position: int) -> int | None:
    """Return where the value begins after a colon at ``position``; None without one: the token before is no name."""
    position = _after_space(tokens, position)
    if position == len(tokens) or tokens[position] != ":":
        return None
    return _after_space(tokens, position + 1)


def _after_space(tokens: list[str], position: int) -> int:
    while position < len(tokens) and tokens[position].isspace():
        position += 1
    return position


def _end_of_value(tokens: list[str], position: int) -> int:
    """Return where the value ends that begins at ``position``, with all that is nested in it."""
    depth = 0
    while position < len(tokens):
        depth += (tokens[position] in {"{", "["}) - (tokens[position] in {"}", "]"})
        position += 1
        if depth == 0:
            break
    return position
