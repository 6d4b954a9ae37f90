"""The redactor: everything that is shown of one request and its answer goes through it."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from rtgmock.journal.redaction import form, json, patterns
from rtgmock.journal.redaction.credentials import AUTH_SCHEMES
from rtgmock.journal.redaction.encodings import encodings
from rtgmock.journal.redaction.labels import find_name, names_secret
from rtgmock.journal.redaction.masking import masked, masked_from_label
from rtgmock.journal.redaction.secrets import MASK, MAX_CACHED_LENGTH, NAME, is_secret, is_secret_word, is_url
from rtgmock.model.attributes import BY_NAME
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.journal.redaction.secrets import RedactValue

MIN_LENGTH = 6
"""Characters of the shortest secret that is masked by its value: a shorter one, as "1", is in many texts by chance."""
MAX_FOUND = 100
"""Secrets of one request that are masked by their value. A list of instances, as far as it is kept, has fewer."""

# A word or a number, as most texts are: there is nothing in it that could match.
_PLAIN = re.compile(r"[\w.-]*")
_MAX_TEXTS = 1024
_MAX_SECRETS = 32
# The paths of nearly all requests.
_API_PATH = re.compile(r"/(?:instances(?:/\d{1,18})?|_rtgmock/[a-z]{1,20})(?:\.(?:json|xml))?/?")
# What may follow the last name in a path, and is no secret: /instances/1/password.json.
_PATH_END = patterns.compile(r"s?(?:\.(?:json|xml))?/?")
# What a client asks a proxy to connect it to.
_HOST_AND_PORT = patterns.compile(r"/?(?:[\w.-]{1,255}|\[[\w:.]{2,80}\])(?::\d{1,5})?")
# What is before the last @ in a URL, or in one without its slashes: redis://user:password@, user:password@.
_USER = patterns.compile(r"^(\w+:(?://)?|//)?.*@", re.DOTALL)
# A URL or a path without a user: redis://host:1/, host:1, /path. Not redis://user:passw, which was cut before its @.
_ADDRESS = patterns.compile(r"(?:(?:\w+:)?//)?(?:[\w.-]*|\[[\w:.]*\])(?::\d{1,5})?(?:[?#].*|/(?!/).*)?", re.DOTALL)
# Words of the API itself, which every request has: they are shown even if somebody uses one as a password.
_API_WORDS = frozenset({*BY_NAME, *PLANS, *Status, "instance", "instances", "application"})


class _Memory:
    """What is known of short texts: most of what clients send and are answered is the same in many requests.

    It is forgotten by ``forget``, since some of the texts may be secret.
    """

    def __init__(self) -> None:
        self.encodings = lru_cache(_MAX_SECRETS)(lambda secret: tuple({*encodings(secret)}))
        self._masked = lru_cache(_MAX_TEXTS)(masked_from_label)
        self._harmless: defaultdict[str, set[str]] = defaultdict(set)

    def masked(self, text: str) -> str:
        """Mask what follows the name of a secret, and all credentials."""
        if _PLAIN.fullmatch(text):
            return text
        return self._masked(text) if len(text) <= MAX_CACHED_LENGTH else masked_from_label(text)

    def harmless(self, kind: str) -> set[str]:
        """Return the texts of a kind, as values of headers, that need no redaction, to be added to."""
        if len(self._harmless[kind]) > _MAX_TEXTS:
            self._harmless[kind] = set()  # a new one, since another thread may be reading
        return self._harmless[kind]

    def forget(self) -> None:
        self._harmless.clear()
        self.encodings.cache_clear()
        self._masked.cache_clear()


class Redactor:
    """Redacts what belongs to one request, and remembers the secrets that it finds on the way.

    ``secrets`` are masked wherever they are: the accounts' passwords. ``harmless`` values are never masked.
    """

    def __init__(
        self, secrets: Iterable[str] = (), harmless: Iterable[str] = (), memory: _Memory | None = None
    ) -> None:
        self._harmless = {*harmless}
        self._memory = memory or _Memory()
        self._encodings = {secret: self._memory.encodings(secret) for secret in filter(self._is_rare, secrets)}
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
        redactor = Redactor(harmless=[*self._harmless, account], memory=self._memory)
        redactor._encodings = {secret: written for secret, written in self._encodings.items() if secret != account}
        redactor._hidden = redactor._longest_first() if account in self._encodings else self._hidden
        return redactor

    def forget(self) -> None:
        """Forget what is remembered of texts, for all requests."""
        self._memory.forget()

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
            self._encodings |= {secret: self._memory.encodings(secret) for secret in self._found}
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
            return self._public_header(value)
        scheme, _, credentials = value.partition(" ")
        self._remember(credentials or value)
        return f"{scheme} {MASK}" if credentials and scheme.lower() in AUTH_SCHEMES else MASK

    def _public_header(self, value: str) -> str:
        harmless = self._memory.harmless("header")
        if value in harmless:
            self._texts.append(value)
            return value
        shown = MASK if names_secret(value) else self.text(value)
        if shown == value and len(value) <= MAX_CACHED_LENGTH:
            harmless.add(value)
        return shown

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
        return self._memory.masked(self.redact_known(text))

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
        shown = masked(path, name.value if name and not _PATH_END.fullmatch(path[name.value :]) else None)
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

        if is_ours and _is_json(text, complete=complete):
            shown = json.redacted_again(text, self.value, self._memory.harmless("JSON"))
            self._texts.append(shown or "")  # with what is harmless, in which no secret was looked for
            return shown or self.unparsed(text)
        return (render(self.value) if is_ours else self._without_pairs(render)) or self.unparsed(text)

    def _parsed(self, text: str, boundary: str, value: RedactValue, *, complete: bool) -> str | None:
        """Redact a body of a known format; None for another one."""
        if _is_json(text, complete=complete):
            return json.redacted(text, value)
        if text.lstrip().startswith("<"):
            from rtgmock.journal.redaction import xml  # noqa: PLC0415 - expat, which takes half a megabyte

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
        return masked(text, name.end if name else None)

    def _remember(self, secret: str) -> None:
        if secret not in self._encodings and self._is_rare(secret):
            self._found.add(secret)

    def _is_rare(self, text: str) -> bool:
        """Return whether a text is so rare that it can be masked wherever it is."""
        return len(text.strip()) >= MIN_LENGTH and text not in _API_WORDS and text not in self._harmless

    def _longest_first(self) -> list[str]:
        return sorted({text for written in self._encodings.values() for text in written}, key=len, reverse=True)


def _is_json(text: str, *, complete: bool) -> bool:
    """Return whether a body is JSON; one that is not ``complete`` is taken for it by its first character."""
    return text.lstrip().startswith(("{", "[", '"')) and (not complete or json.is_well_formed(text))


def _without_texts(document: Any) -> Any:
    """Return a document of dicts, lists and texts in which every text that can have a secret in it is masked."""
    if isinstance(document, dict):
        return {name: _without_texts(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_without_texts(value) for value in document]
    return MASK if isinstance(document, str) and len(document) >= MIN_LENGTH else document
