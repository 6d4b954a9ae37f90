"""The journal: the newest requests with their answers, for any number of threads.

It keeps an ``Exchange`` as it was, since assertions compare passwords, too. It shows an ``Entry``, which has no
secrets and is made when somebody first asks for it, so that a request is not delayed by it.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from rtgmock.journal.entries import Entries
from rtgmock.journal.entry import redacted_texts
from rtgmock.journal.exchange import Exchange
from rtgmock.journal.filter import Filter
from rtgmock.journal.redaction.redactor import Redactor

if TYPE_CHECKING:
    from rtgmock.journal.entry import Entry
    from rtgmock.journal.exchange import Recorded

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
        self._kept: deque[Exchange | Recorded] = deque()
        self._sizes: deque[int] = deque()
        self._exchanges: dict[int, Exchange] = {}
        """By their numbers: of those that are kept, what somebody has looked at."""
        self._bytes = self._count = self._dropped = 0

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, and drop the oldest ones if there are too many."""
        self.record(exchange, exchange.size)

    def record(self, recorded: Recorded | Exchange, size: int) -> None:
        """Keep what takes ``size`` bytes, and drop the oldest ones. It becomes an exchange when somebody looks."""
        with self._lock:
            self._count += 1
            self._kept.append(recorded)
            self._sizes.append(size)
            self._bytes += size
            while len(self._kept) > self._max_requests or self._bytes > self._max_bytes:
                self._kept.popleft()
                self._bytes -= self._sizes.popleft()
                self._dropped += 1
                if self._exchanges:
                    self._exchanges.pop(self._count - len(self._kept), None)

    @property
    def dropped(self) -> int:
        """The number of requests that were dropped since the journal was last cleared."""
        return self._dropped

    def exchanges(self, condition: Filter = _ANY) -> list[Exchange]:
        """Return the exchanges that match, with their secrets: not to be shown. ``text`` and ``limit`` don't count."""
        return [exchange for exchange in self._all() if condition.matches(exchange)]

    def _all(self) -> list[Exchange]:
        """Return all exchanges. What was recorded since the last look becomes one now."""
        with self._lock:
            known, kept, first = self._exchanges, list(self._kept), self._count - len(self._kept) + 1
        # Without the lock: requests that are being answered must not wait.
        exchanges = {number: known.get(number) or _exchange(one, number) for number, one in enumerate(kept, first)}
        found = list(exchanges.values())
        with self._lock:
            if self._exchanges is known:  # otherwise the journal was cleared meanwhile, or somebody else has looked
                self._exchanges = exchanges
        return found

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
            self._exchanges = {}
            for kept in (self._kept, self._sizes, self._entries):
                kept.clear()
            self._bytes = self._dropped = 0

    def reset(self) -> None:
        """Forget all requests; the numbers begin at 1 again."""
        self.clear()
        self._count = 0


def _exchange(one: Exchange | Recorded, number: int) -> Exchange:
    exchange = one if isinstance(one, Exchange) else Exchange.of(one)
    exchange.number = number
    return exchange


def _newest(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else items[max(len(items) - limit, 0) :]
