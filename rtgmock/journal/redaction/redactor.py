"""The redactor: everything that is shown of one request and its answer goes through it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from rtgmock.journal.redaction import form, json, xml
from rtgmock.journal.redaction.encodings import encodings, pattern
from rtgmock.journal.redaction.secrets import LABELLED_SECRET, MASK, SECRET_NAME, is_secret, is_url
from rtgmock.model.attributes import BY_NAME
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MIN_LENGTH = 6
"""Characters of the shortest secret that is masked by its value: a shorter one, as "1", is in many texts by chance."""
MAX_FOUND = 100
"""Secrets of one request that are masked by their value. A list of instances, as far as it is kept, has fewer."""

_AUTH_SCHEMES = {"basic", "bearer", "digest"}
# A word or a path, as most texts are: without a blank, a sign or "//" there is nothing below that could match.
_PLAIN = re.compile(r"[\w.-]*(?:/[\w.-]+)*/?")
# Credentials outside their header: "Basic dXNlcjpwYXNz", "Bearer%20abcdefgh". Not "Basic realm=": that is a parameter.
# The quantifiers are possessive, and nothing long is tried twice: otherwise "basic++++++ =" and "basic+basic+basic =",
# would need quadratic time.
_CREDENTIALS = re.compile(
    r"\b((?:basic|bearer|digest)(?:\s|%20|\+)++)(?:[\w+/=.%-]{80,}+|[\w+/=.%-]{8,79}+(?!\s*=))", re.IGNORECASE
)
# A word with the sign after it, in text of no format: 'pasword: ', '"passwd":', "pwd]=".
_LABEL = re.compile(r"""(?<![\w-])([\w-]{4,}+)["'\]\s]{0,4}+[=:>]""")
# The two slashes of a URL; JSON may write \/\/, a form %2F%2F.
_SLASHES = re.compile(rf"(?:\\?{pattern('/')}){{2}}", re.IGNORECASE)
_AT = re.compile(pattern("@"), re.IGNORECASE)
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
            return self.text(value)
        scheme, _, credentials = value.partition(" ")
        self._remember(credentials or value)
        return f"{scheme} {MASK}" if credentials and scheme.lower() in _AUTH_SCHEMES else MASK

    def value(self, name: str, value: str) -> str:
        """Redact the value under a name, which is all of it if the name is a secret's."""
        if value and is_secret(name):
            self._remember(value)
            return MASK
        if is_url(name) and "@" in value:
            value = _USER.sub(rf"\1{MASK}@", value)
        elif is_url(name) and not _ADDRESS.fullmatch(value):
            return MASK
        return self.text(value)

    def text(self, text: str) -> str:
        """Redact a sentence, a path or another single value: what follows a secret's name, and the user in a URL."""
        self._texts.append(text)
        text = self.redact_known(text)
        if _PLAIN.fullmatch(text):
            return text
        if SECRET_NAME.search(text):  # takes a third of the time that LABELLED_SECRET needs to find nothing
            text = LABELLED_SECRET.sub(_without_value, text)
        return _CREDENTIALS.sub(rf"\1{MASK}", _without_user(text))

    def query(self, text: str) -> str:
        """Redact a query string."""
        redacted = form.redacted(text, self.value)
        return self.unparsed(text) if redacted is None else redacted

    def body(self, text: str, boundary: str = "", *, complete: bool = True) -> str:
        """Redact a body by the format that it looks like; ``boundary`` is that of a multipart form.

        One that is not ``complete`` is the beginning of a well-formed body.
        """
        value = cache(self.value)  # the items of a list have the same names and many equal values
        text = text.removeprefix("\ufeff")
        start = text.lstrip()[:1]
        redacted = None
        if start and start in '{["' and (not complete or json.is_well_formed(text)):
            redacted = json.redacted(text, value)
        elif start == "<":
            redacted = xml.redacted(text, value, complete=complete)
        else:
            if boundary:
                redacted = form.multipart(text, boundary, value)
            if redacted is None:
                redacted = form.redacted(text, value)
        return self.unparsed(text) if redacted is None else redacted

    def unparsed(self, text: str) -> str:
        """Redact text of no known format: cut it at the first name of a secret, since no value has a certain end."""
        label = next((match for match in _LABEL.finditer(text) if is_secret(match[1])), None)
        ends = [match.end() for match in (SECRET_NAME.search(text), label) if match]
        if ends and text[min(ends) :].strip():
            text = text[: min(ends)] + MASK
        return self.text(text)

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


def _without_value(match: re.Match[str]) -> str:
    label, value = match.groups()
    return label + (MASK if value.strip() else value)


def _without_user(text: str) -> str:
    """Mask what is between the first two slashes and the last @ after them: a password may have either sign in it."""
    slashes = _SLASHES.search(text)
    signs = list(_AT.finditer(text, slashes.end())) if slashes else []
    return f"{text[: slashes.end()]}{MASK}{text[signs[-1].start() :]}" if slashes and signs else text
