"""What is shown of a request and its answer: an entry, which is made from an exchange when somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from rtgmock.clock import timestamp
from rtgmock.wire.bodies import parse_content_type
from rtgmock.wire.format import readable_text

if TYPE_CHECKING:
    from rtgmock.journal.exchange import Body, Exchange, Headers
    from rtgmock.journal.redaction.redactor import Redactor


@dataclass(frozen=True)
class Entry:
    """A request and its answer without their secrets.

    ``unmatched`` tells that no endpoint takes such a request; ``nearest`` then names the likeliest ones.
    """

    number: int
    time: str
    method: str
    path: str
    query: str
    status: int
    ms: float
    account: str | None
    unmatched: bool
    nearest: list[str]
    ignored: list[str]
    hint: str | None
    fault: str | None
    headers: dict[str, str] = field(repr=False)
    body: str = field(repr=False)
    answer_headers: dict[str, str] = field(repr=False)
    answer: str = field(repr=False)

    @classmethod
    def of(cls, exchange: Exchange, redactor: Redactor) -> Entry:
        """Return what is shown of an exchange; ``redactor`` is for this exchange alone."""
        texts = redactor.redact(lambda redactor: redacted_texts(exchange, redactor))
        return cls(
            number=exchange.number,
            time=timestamp(exchange.moment),
            status=exchange.status,
            ms=exchange.ms,
            account=exchange.account or None,
            unmatched=exchange.unmatched,
            nearest=exchange.nearest(texts["path"]),
            **texts,
        )

    def document(self) -> dict[str, Any]:
        """Return the entry as the control API shows it."""
        return {
            **{name: getattr(self, name) for name in _FLAT},
            "request": {"headers": self.headers, "body": self.body},
            "response": {"headers": self.answer_headers, "body": self.answer},
        }

    @cached_property
    def encoded(self) -> bytes:
        """The document as JSON."""
        return orjson.dumps(self.document())

    def mentions(self, text: str) -> bool:
        """Return whether ``text`` is anywhere in the entry, in letters of either case."""
        return text.casefold() in self._folded

    @cached_property
    def _folded(self) -> str:
        return " ".join(_texts_of(self.document())).casefold()


_FLAT = tuple(one.name for one in fields(Entry) if one.repr)
"""The fields that the control API shows as they are."""


def redacted_texts(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """Return those fields of an entry that are text from outside."""
    path, query = redactor.target(exchange.method, exchange.path, exchange.query)
    return {
        "method": exchange.method,
        "path": path,
        "query": query,
        "ignored": [redactor.text(name) for name in exchange.ignored],
        "hint": redactor.text(exchange.hint) or None,
        "fault": exchange.fault or None,
        "headers": {name: redactor.header(name, value) for name, value in exchange.headers},
        "body": _redacted_body(exchange.body, exchange.headers, redactor),
        "answer_headers": {name: redactor.header(name, value) for name, value in exchange.answer_headers},
        "answer": _redacted_body(exchange.answer, exchange.answer_headers, redactor, is_answer=True),
    }


def _redacted_body(body: Body, headers: Headers, redactor: Redactor, *, is_answer: bool = False) -> str:
    named = {name.lower(): value for name, value in headers}
    content_type = parse_content_type(named.get("content-type", ""))
    text = None if "content-encoding" in named else readable_text(body.data, content_type.charset)
    if text == "":
        return text
    if text is None:
        return f"({body.size} bytes that are no text)"
    if body.is_complete:
        return redactor.body(text, content_type.boundary, is_ours=is_answer)
    # The beginning of our own JSON or XML can be parsed up to the cut. A client's may be no JSON behind it.
    is_parsable = is_answer and content_type.mime != "text/plain"
    beginning = redactor.body(text, complete=False, is_ours=True) if is_parsable else redactor.unparsed(text)
    return f"{beginning}... (cut: {body.size} bytes in all)"


def _texts_of(document: object) -> list[str]:
    if isinstance(document, dict):
        return [text for name, value in document.items() for text in (name, *_texts_of(value))]
    if isinstance(document, list):
        return [text for value in document for text in _texts_of(value)]
    return [str(document)]
