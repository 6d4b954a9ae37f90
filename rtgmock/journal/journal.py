"""The journal: the newest requests with their answers, for any number of threads.

It keeps an ``Exchange`` as it was, since assertions compare passwords, too. It shows an ``Entry``, which has no
secrets and is made when somebody first asks for it, so that a request is not delayed by it.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from rtgmock.journal.entries import Entries
from rtgmock.journal.entry import redacted_texts
from rtgmock.journal.filter import Filter
from rtgmock.journal.redaction.redactor import Redactor

if TYPE_CHECKING:
    from rtgmock.journal.entry import Entry
    from rtgmock.journal.exchange import Exchange

MAX_REQUESTS = 1000
"""Requests that are kept."""
MAX_BYTES = 4 * 2**20
"""Bytes that they may take together."""

Item = TypeVar("Item")
_ANY = Filter()


class Journal:
    """The newest requests, up to a number of requests and of bytes.

    ``redactor`` knows what is secret wherever it is: the accounts' passwords.
    """

    def __init__(
        self, redactor: Redactor | None = None, *, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._redactor = redactor or Redactor()
        self._entries = Entries(self._redactor)
        self._max_requests, self._max_bytes = max_requests, max_bytes
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange] = deque()
        self._bytes = 0
        self._dropped = 0
        self._numbers = itertools.count(1)

    def add(self, exchange: Exchange) -> None:
        """Number and keep an exchange, and drop the oldest ones if there are too many."""
        with self._lock:
            exchange.number = next(self._numbers)
            self._exchanges.append(exchange)
            self._bytes += exchange.size
            while len(self._exchanges) > self._max_requests or self._bytes > self._max_bytes:
                self._bytes -= self._exchanges.popleft().size
                self._dropped += 1

    @property
    def dropped(self) -> int:
        """The number of requests that were dropped since the journal was last cleared."""
        return self._dropped

    def exchanges(self, condition: Filter = _ANY) -> list[Exchange]:
        """Return the exchanges that match, with their secrets: not to be shown. ``text`` and ``limit`` don't count."""
        with self._lock:
            kept = list(self._exchanges)
        return [exchange for exchange in kept if condition.matches(exchange)]

    def entries(self, condition: Filter = _ANY) -> list[Entry]:
        """Return the requests that match as they may be shown, the newest last."""
        exchanges = self.exchanges(condition)
        if condition.text is None:
            return [self.entry(exchange) for exchange in _newest(exchanges, condition.limit)]
        # Searched in what is shown: otherwise a masked secret could be guessed letter by letter.
        entries = [entry for entry in map(self.entry, exchanges) if entry.mentions(condition.text)]
        return _newest(entries, condition.limit)

    def entry(self, exchange: Exchange) -> Entry:
        """Return an exchange as it may be shown."""
        return self._entries.entry(exchange)

    def redact(self, text: str, exchange: Exchange) -> str:
        """Return a text about an exchange, without that exchange's secrets."""

        def render(redactor: Redactor) -> str:
            redacted_texts(exchange, redactor)  # to find the secrets
            return redactor.text(text)

        redacted: str = self._redactor.for_request(exchange.account).redact(render)
        return redacted

    def clear(self) -> None:
        """Forget all requests; the numbers go on."""
        with self._lock:
            self._exchanges.clear()
            self._entries.clear()
            self._bytes = self._dropped = 0

    def reset(self) -> None:
        """Forget all requests; the numbers begin at 1 again."""
        self.clear()
        self._numbers = itertools.count(1)


def _newest(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else items[max(len(items) - limit, 0) :]
