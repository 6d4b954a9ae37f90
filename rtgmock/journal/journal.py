"""The journal: what came, what was answered, how long it took, and what was wrong with it; the newest of it.

An ``Exchange`` is what is kept, as it was. An ``Entry`` is what is shown of it, without its secrets: it is only
made when somebody looks.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from rtgmock.clock import timestamp
from rtgmock.journal.exchange import Body, Exchange, Filter, Headers
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.wire.bodies import label
from rtgmock.wire.format import readable_text

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 1000
"""Requests that are kept."""
MOST_BYTES = 4 * 2**20
"""Bytes that they may have together."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Entry:
    """A request and its answer, as the journal shows them: no secret is in it.

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

    def document(self) -> dict[str, Any]:
        """The entry as the control API shows it."""
        flat = asdict(self)
        request = {"headers": flat.pop("headers"), "body": flat.pop("body")}
        answer = {"headers": flat.pop("answer_headers"), "body": flat.pop("answer")}
        return {**flat, "request": request, "response": answer}


def _masked(masking: Redactor, exchange: Exchange) -> dict[str, Any]:
    """What is text in an entry."""
    _texts_of(masking, exchange)  # it learns what to look for, in what comes before as well
    masked: dict[str, Any] = masking.redact_known(_texts_of(masking, exchange))
    return masked | {"nearest": exchange.nearest(masked["path"])}


def _texts_of(masking: Redactor, exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "path": masking.text(exchange.path),
        "query": masking.form(exchange.query),
        "ignored": [masking.text(name) for name in exchange.ignored],
        "hint": masking.text(exchange.hint) or None,
        "fault": exchange.fault or None,
        "headers": {name: masking.header(name, value) for name, value in exchange.headers},
        "body": _body(masking, exchange.body, exchange.headers),
        "answer_headers": {name: masking.header(name, value) for name, value in exchange.answer_headers},
        "answer": _body(masking, exchange.answer, exchange.answer_headers, ours=True),
    }


def _body(masking: Redactor, body: Body, headers: Headers, *, ours: bool = False) -> str:
    """A body as text. One that was cut can be read as far as it goes only when it is known to be well-formed."""
    named = {name.lower(): value for name, value in headers}
    content_type = label(named.get("content-type", ""))
    text = None if "content-encoding" in named else readable_text(body.data, content_type.charset)
    if text is None:
        return f"({body.size} bytes that are no text)"
    if body.whole:
        return masking.body(text, content_type.boundary)
    sentence = content_type.mime == "text/plain"
    cut = masking.body(text, whole=False) if ours and not sentence else masking.unreadable(text)
    return f"{cut}... (cut: {body.size} bytes in all)"


_ALL = Filter()


class Journal:
    """The newest requests, so many of them and no more bytes than that. For any number of threads.

    ``secrets`` are what must not be shown whatever comes: the accounts' passwords.
    """

    def __init__(self, secrets: Iterable[str] = (), *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._secrets = tuple(secrets)
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange] = deque()
        self._bytes = 0
        self._dropped = 0
        self._numbers = itertools.count(1)

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, and drop the oldest ones for which there is no more room."""
        with self._lock:
            exchange.number = next(self._numbers)
            self._exchanges.append(exchange)
            self._bytes += exchange.size
            while len(self._exchanges) > self._most or self._bytes > self._most_bytes:
                self._bytes -= self._exchanges.popleft().size
                self._dropped += 1

    @property
    def dropped(self) -> int:
        """How many there was no room for since the journal was last emptied."""
        return self._dropped

    def exchanges(self, wanted: Filter = _ALL) -> list[Exchange]:
        """What is asked for, but for its text, as it came: not to be shown."""
        with self._lock:
            kept = list(self._exchanges)
        return [exchange for exchange in kept if wanted.takes(exchange)]

    def entries(self, wanted: Filter = _ALL) -> list[Entry]:
        """What is asked for, as it may be shown, the newest last."""
        found = self.exchanges(wanted)
        if wanted.text is None:
            return [self.shown(exchange) for exchange in _newest(found, wanted.limit)]
        # Only what is shown is searched: what is masked must not be found out by guessing.
        entries = [entry for entry in map(self.shown, found) if _mentions(entry, wanted.text)]
        return _newest(entries, wanted.limit)

    def shown(self, exchange: Exchange) -> Entry:
        """An exchange as it may be shown."""
        return Entry(
            number=exchange.number,
            time=timestamp(exchange.moment),
            status=exchange.status,
            ms=exchange.ms,
            account=exchange.account or None,
            unmatched=exchange.unmatched,
            **_masked(self._masking(exchange), exchange),
        )

    def mask(self, text: str, exchange: Exchange) -> str:
        """What is said of an exchange, as it may be shown."""
        masking = self._masking(exchange)
        _masked(masking, exchange)  # it learns the secrets
        masked: str = masking.redact_known(masking.text(text))
        return masked

    def _masking(self, exchange: Exchange) -> Redactor:
        return Redactor(self._secrets, [exchange.account])

    def clear(self) -> None:
        """Forget all requests; the numbers of those to come rise on."""
        with self._lock:
            self._exchanges.clear()
            self._bytes = self._dropped = 0

    def reset(self) -> None:
        """Forget all requests; their numbers begin anew."""
        self.clear()
        self._numbers = itertools.count(1)


def _newest(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else items[max(len(items) - limit, 0) :]


def _mentions(entry: Entry, text: str) -> bool:
    return text.casefold() in " ".join(_texts(entry.document())).casefold()


def _texts(document: object) -> list[str]:
    if isinstance(document, dict):
        return [text for name, value in document.items() for text in (name, *_texts(value))]
    if isinstance(document, list):
        return [text for value in document for text in _texts(value)]
    return [str(document)]
