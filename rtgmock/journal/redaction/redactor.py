"""Everything of one request and its answer, masked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus

from rtgmock.journal.redaction import xml
from rtgmock.journal.redaction.json import after_colon, after_value, plain, tokens, well_formed
from rtgmock.journal.redaction.secrets import LABELLED, NAME, encodings, escaped, is_secret, is_url
from rtgmock.model.attributes import BY_NAME
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
_SHORTEST = 6
"""Characters that a secret must have to be looked for by its value: shorter ones turn up by chance."""
_SLASHES = re.compile(rf"(?:\\?{escaped('/')}){{2}}", re.IGNORECASE)
_AT = re.compile(escaped("@"), re.IGNORECASE)
_CREDENTIALS = re.compile(
    r"\b((?:basic|bearer|digest)(?:\s|%20|\+)+)[\w+/=.%-]{8,}(?![\w+/=.%-])(?!\s*=)", re.IGNORECASE
)
_SCHEMES = {"basic", "bearer", "digest"}
_NAMED = re.compile(r"""([\w-]{4,40})["'\]\s]{0,4}[=:>]""")
_CLEAN = re.compile(r"[\w.\[\]-]{0,80}")
# What is the same in every request is no secret, whoever has it for a password.
_WORDS = {*BY_NAME, *PLANS, *Status, "instance", "instances", "application"}


class Redactor:
    """Masks all that belongs to one request, and learns meanwhile what to look for by its value.

    ``known`` are secrets by themselves; ``harmless`` is what is never one.
    """

    def __init__(self, known: Iterable[str] = (), harmless: Iterable[str] = ()) -> None:
        self._harmless = {*_WORDS, *harmless}
        self._hidden: list[str] = []
        for secret in known:
            self._learn(secret)

    def header(self, name: str, value: str) -> str:
        """A header's value."""
        if not is_secret(name):
            return self.text(value)
        scheme, _, rest = value.partition(" ")
        self._learn(rest or value)
        return f"{scheme} {MASK}" if rest and scheme.lower() in _SCHEMES else MASK

    def text(self, text: str) -> str:
        """One value or sentence: what follows a secret's name in it, and the user's part of URLs."""
        text = self.redact_known(text)
        if text.isalnum():
            return text
        return _CREDENTIALS.sub(rf"\1{MASK}", _without_user(LABELLED.sub(_labelled, text)))

    def value(self, name: str, value: str) -> str:
        """What stands under a name."""
        if value and is_secret(name):
            self._learn(value)
            return MASK
        if is_url(name):
            value = re.sub(r"^(\w+:(?://)?|//)?.*@", rf"\1{MASK}@", value, flags=re.DOTALL)
        return self.text(value)

    def body(self, text: str, boundary: str = "", *, whole: bool = True) -> str:
        """A body, as what it looks like. One that is not ``whole`` must be well-formed as far as it goes."""
        text = text.removeprefix("\ufeff")
        start = text.lstrip()[:1]
        if start and start in '{["' and (not whole or well_formed(text)):
            return self._tokens_masked(text)
        if start == "<":
            masked = xml.masked(text, is_secret, self.value, whole=whole)
            return self.unreadable(text) if masked is None else masked
        if boundary and (multipart := self._multipart(text, boundary)) is not None:
            return multipart
        return self.form(text)

    def form(self, text: str) -> str:
        """A form or a query string, or what is nothing at all."""
        pairs = [pair.partition("=") for pair in text.split("&")]
        names = [unquote_plus(name) for name, _, _ in pairs]
        if "=" not in text or not all(map(_CLEAN.fullmatch, names)):
            return self.unreadable(text)
        shown, hidden = [], False
        for clean, (name, mark, value) in zip(names, pairs, strict=True):
            # What follows a secret without a name may be the rest of it, with a sign that ought to be escaped.
            shown.append(f"{name}={self._field(clean, value)}" if mark else MASK if name and hidden else name)
            hidden = hidden or is_secret(clean)
        return "&".join(shown)

    def _field(self, name: str, value: str) -> str:
        given = unquote_plus(value)
        masked = self.value(name, given)
        return value if masked == given else quote(masked, safe="*@/:")

    def unreadable(self, text: str) -> str:
        """What cannot be read: nothing from the first secret's name on."""
        named = next((match for match in _NAMED.finditer(text) if is_secret(match[1])), None)
        ends = [match.end() for match in (NAME.search(text), named) if match]
        if ends and text[min(ends) :].strip():
            text = text[: min(ends)] + MASK
        return self.text(text)

    def redact_known(self, document: Any) -> Any:
        """A document without any of the secrets that are known by now, however they are escaped in it."""
        return _replaced(document, self._hidden)

    def _learn(self, secret: str) -> None:
        if len(secret.strip()) >= _SHORTEST and secret not in self._harmless:
            self._hidden = sorted({*self._hidden, *encodings(secret)}, key=len, reverse=True)

    def _multipart(self, text: str, boundary: str) -> str | None:
        """A multipart form, or None for what isn't one."""
        first, *parts = re.split(rf"(?:^|\r?\n)--{re.escape(boundary)}", text)
        if first.strip() or not parts or not parts[-1].startswith("--"):
            return None
        masked = [self._part(part) for part in parts[:-1]]
        shown = "".join(f"--{boundary}{part}\r\n" for part in masked if part is not None)
        return None if None in masked else f"{shown}--{boundary}--"

    def _part(self, part: str) -> str | None:
        head, _, value = part.partition("\r\n\r\n")
        names = re.findall(r'\bname="?([^";\r\n]*)', head)
        readable = len(names) == 1 and _CLEAN.fullmatch(names[0]) and not LABELLED.search(head)
        return f"{head}\r\n\r\n{self.value(names[0], value)}" if readable else None

    def _tokens_masked(self, text: str) -> str:
        try:
            return "".join(self._json(tokens(text)))
        except ValueError:  # it was not well-formed
            return self.unreadable(text)

    def _json(self, found: list[str]) -> Iterator[str]:
        place = 0
        while place < len(found):
            token = found[place]
            place += 1
            yield self._leaf("", token)
            begin = after_colon(found, place) if token[0] == '"' else None
            if begin is not None:
                yield from found[place:begin]
                place = (
                    after_value(found, begin) if begin < len(found) and self._is_whole(token, found[begin]) else begin
                )
                yield from self._under(plain(token), found[begin:place])

    def _is_whole(self, name: str, value: str) -> bool:
        """Whether a value is to be taken as one: any secret, and a string."""
        return is_secret(plain(name)) or value[0] == '"'

    def _under(self, name: str, value: list[str]) -> Iterator[str]:
        if not value:
            return
        if not is_secret(name):
            yield self._leaf(name, value[0])
        elif value in (["null"], ['""']):
            yield value[0]
        else:
            for token in value:
                self._learn(plain(token))
            yield f'"{MASK}"'

    def _leaf(self, name: str, token: str) -> str:
        if token[0] != '"':
            return token
        given = plain(token)
        masked = self.value(name, given)
        return token if masked == given else json.dumps(masked, ensure_ascii=False)


def _labelled(match: re.Match[str]) -> str:
    return match[1] + (MASK if match[2].strip() else match[2])


def _without_user(text: str) -> str:
    """A text without what stands between the first two slashes and the last @: a password may have either."""
    slashes = _SLASHES.search(text)
    signs = list(_AT.finditer(text, slashes.end())) if slashes else []
    return f"{text[: slashes.end()]}{MASK}{text[signs[-1].start() :]}" if slashes and signs else text


def _replaced(document: Any, hidden: list[str]) -> Any:
    if isinstance(document, str):
        for way in hidden:
            document = document.replace(way, MASK)
        return document
    if isinstance(document, dict):
        return {name: _replaced(value, hidden) for name, value in document.items()}
    return [_replaced(value, hidden) for value in document] if isinstance(document, list) else document
