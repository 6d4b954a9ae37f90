"""The redactor: everything that is shown of one request and its answer goes through it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from rtgmock.journal.redaction import form, json, xml
from rtgmock.journal.redaction.credentials import AUTH_SCHEMES, credentials
from rtgmock.journal.redaction.encodings import encodings
from rtgmock.journal.redaction.labels import find_label, find_name, names_secret
from rtgmock.journal.redaction.secrets import MASK, NAME, is_secret, is_secret_word, is_url
from rtgmock.model.attributes import BY_NAME
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.journal.redaction.credentials import Span
    from rtgmock.journal.redaction.secrets import RedactValue

MIN_LENGTH = 6
"""Characters of the shortest secret that is masked by its value: a shorter one, as "1", is in many texts by chance."""
MAX_FOUND = 100
"""Secrets of one request that are masked by their value. A list of instances, as far as it is kept, has fewer."""

# A word or a number, as most texts are: there is nothing below that could match.
_PLAIN = re.compile(r"[\w.-]*")
# The paths of nearly all requests.
_API_PATH = re.compile(r"/(?:instances(?:/\d{1,18})?|_rtgmock/[a-z]{1,20})(?:\.(?:json|xml))?/?")
# What may follow the last name in a path, and is no secret: /instances/1/password.json.
_PATH_END = re.compile(r"s?(?:\.(?:json|xml))?/?")
# What a client asks a proxy to connect it to.
_HOST_AND_PORT = re.compile(r"/?(?:[\w.-]{1,255}|\[[\w:.]{2,80}\])(?::\d{1,5})?")
# What is before the last @ in a URL, or in one without its slashes: redis://user:password@, user:password@.
_USER = re.compile(r"^(\w+:(?://)?|//)?.*@", re.DOTALL)
# A URL or a path without a user: redis://host:1/, host:1, /path. Not redis://user:passw, which was cut before its @.
_ADDRESS = re.compile(r"(?:(?:\w+:)?//)?(?:[\w.-]*|\[[\w:.]*\])(?::\d{1,5})?(?:[?#].*|/(?!/).*)?", re.DOTALL)
# Words of the API itself, which every request has: they are shown even if somebody uses one as a password.
_API_WORDS = frozenset({*BY_NAME, *PLANS, *Status, "instance", "instances", "application"})


class Redactor:
    """Redacts what belongs to one request, and remembers the secrets that it finds on the way.

    ``secrets`` are masked wherever they are: the accounts' passwords. ``harmless`` values are never masked.
    """

    def __init__(self, secrets: Iterable[str] = (), harmless: Iterable[str] = ()) -> None:
        self._harmless = {*harmless}
        self._encodings = {secret: list(encodings(secret)) for secret in filter(self._is_rare, secrets)}
        """The secrets that are known so far, each with the ways to write it."""
        self._hidden = self._longest_first()
        """The ways that are masked, the longest first, since a short one may be part of a long one."""
        self._found: set[str] = set()
        """The secrets that were found in the texts; ``redact`` masks them as well."""
        self._texts: list[str] = []
        """The texts in which known secrets were looked for."""

    def for_request(self, account: str = "") -> Redactor:
        """Return a redactor for one request of ``account``, which starts with the secrets that this one knows.

        The account's name is shown, even if it is somebody's password as well.
        """
        redactor = Redactor(harmless=[*self._harmless, account])
        redactor._encodings = {secret: written for secret, written in self._encodings.items() if secret != account}
        redactor._hidden = redactor._longest_first() if account in self._encodings else self._hidden
        return redactor

    def redact(self, render: Callable[[Redactor], Any]) -> Any:
        """Return the document that ``render`` makes by calling this redactor, without any of the secrets found.

        A secret may also be in a place that comes before its name, and be escaped differently there: if one of those
        that the first pass has found is in any of the texts, a second pass looks for it everywhere. A document with
        very many secrets is masked as a whole, since the search for each of them in each text would take long.
        """
        document = render(self)
        if len(self._found) > MAX_FOUND:
            return _without_texts(document)
        if self._found:
            self._encodings |= {secret: list(encodings(secret)) for secret in self._found}
            self._hidden = self._longest_first()
            texts = "\0".join(self._texts)
            if any(written in texts for written in self._hidden):
                document = render(self)
        return self.redact_known(document)

    def redact_known(self, document: Any) -> Any:
        """Return a document of dicts, lists and texts without the secrets that are known so far."""
        if isinstance(document, str):
            # No secret is as short as many values are.
            for written in self._hidden if len(document) >= MIN_LENGTH else ():
                document = document.replace(written, MASK)
            return document
        if isinstance(document, dict):
            return {name: self.redact_known(value) for name, value in document.items()}
        return [self.redact_known(value) for value in document] if isinstance(document, list) else document

    def header(self, name: str, value: str) -> str:
        """Redact a header's value; of credentials, the scheme is shown: ``Basic ***``."""
        if not is_secret(name):
            return MASK if names_secret(value) else self.text(value)
        scheme, _, credentials = value.partition(" ")
        self._remember(credentials or value)
        return f"{scheme} {MASK}" if credentials and scheme.lower() in AUTH_SCHEMES else MASK

    def value(self, name: str, value: str) -> str:
        """Redact the value under a name, which is all of it if the name is a secret's."""
        if value and is_secret(name):
            self._remember(value)
            return MASK
        if name != NAME and names_secret(value):
            return MASK
        if is_url(name) and "@" in value:
            value = _USER.sub(rf"\1{MASK}@", value)
        elif is_url(name) and not _ADDRESS.fullmatch(value):
            return MASK
        return self.text(value)

    def text(self, text: str) -> str:
        """Redact a sentence or another single value: what follows a secret's name, and the user in a URL."""
        self._texts.append(text)
        text = self.redact_known(text)
        if _PLAIN.fullmatch(text):
            return text
        label = find_label(text)
        return _masked(text, label.value if label else None)

    def target(self, method: str, path: str, query: str) -> tuple[str, str]:
        """Redact a request's path and query string; the method may be what a Redis is told, as ``AUTH``."""
        self._texts.append(path)
        path = self.redact_known(path)
        # What a proxy is asked for may begin with a user and a password, which may have a ? in it.
        is_user = method == "CONNECT" and (query or not _HOST_AND_PORT.fullmatch(path))
        if is_user or is_secret_word(method):
            self._remember(path.strip("/"))
            return MASK, query and MASK
        if _API_PATH.fullmatch(path):
            return path, self.query(query)
        name = find_name(path)
        shown = _masked(path, name.value if name and not _PATH_END.fullmatch(path[name.value :]) else None)
        # After a name, a query string may be the rest of a secret that has a ? in it.
        return shown, query and MASK if name else self.query(query)

    def query(self, text: str) -> str:
        """Redact a query string."""
        return text and (self._without_pairs(lambda value: form.redacted(text, value)) or self.unparsed(text))

    def body(self, text: str, boundary: str = "", *, complete: bool = True, is_ours: bool = False) -> str:
        """Redact a body by the format that it looks like; ``boundary`` is that of a multipart form.

        One that is not ``complete`` is the beginning of a well-formed body. One that ``is_ours``, an answer, has
        secrets under their names only.
        """
        text = text.removeprefix("\ufeff")

        def render(value: RedactValue) -> str | None:
            # The items of a list have the same names and many equal values.
            return self._parsed(text, boundary, cache(value), complete=complete)

        return (render(self.value) if is_ours else self._without_pairs(render)) or self.unparsed(text)

    def _parsed(self, text: str, boundary: str, value: RedactValue, *, complete: bool) -> str | None:
        """Redact a body of a known format; None for another one."""
        start = text.lstrip()[:1]
        if start and start in '{["' and (not complete or json.is_well_formed(text)):
            return json.redacted(text, value)
        if start == "<":
            return xml.redacted(text, value, complete=complete)
        found = form.multipart(text, boundary, value) if boundary else None
        return form.redacted(text, value) if found is None else found

    def _without_pairs(self, render: Callable[[RedactValue], str | None]) -> str | None:
        """Return what ``render`` makes with the values redacted; all of it masked if a value is a secret's name.

        Which of the others is the secret then, in ``{"name": "password", "value": "…"}``, is not certain.
        """
        values: set[str] = set()
        names: list[str] = []

        def redact(name: str, value: str) -> str:
            if name != NAME and not is_secret(name):
                (names.append if is_secret_word(value.strip()) else values.add)(value)
            return self.value(name, value)

        shown = render(redact)
        if not names:
            return shown
        for value in values:
            self._remember(value)
        return MASK

    def unparsed(self, text: str) -> str:
        """Redact text of no known format: cut it at the first name of a secret, since no value has a certain end."""
        if names_secret(text):
            return MASK
        self._texts.append(text)
        text = self.redact_known(text)
        name = find_name(text)
        return _masked(text, name.end if name else None)

    def _remember(self, secret: str) -> None:
        if secret not in self._encodings and self._is_rare(secret):
            self._found.add(secret)

    def _is_rare(self, text: str) -> bool:
        """Return whether a text is so rare that it can be masked wherever it is."""
        return len(text.strip()) >= MIN_LENGTH and text not in _API_WORDS and text not in self._harmless

    def _longest_first(self) -> list[str]:
        return sorted({text for written in self._encodings.values() for text in written}, key=len, reverse=True)


def _without_texts(document: Any) -> Any:
    """Return a document of dicts, lists and texts in which every text that can have a secret in it is masked."""
    if isinstance(document, dict):
        return {name: _without_texts(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_without_texts(value) for value in document]
    return MASK if isinstance(document, str) and len(document) >= MIN_LENGTH else document


def _masked(text: str, cut: int | None) -> str:
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
