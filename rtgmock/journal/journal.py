"""The journal: the newest requests with their answers, for any number of threads.

It keeps an ``Exchange`` as it was, since assertions compare passwords, too. It shows an ``Entry``, which has no
secrets and is made when somebody first asks for it, so that a request is not delayed by it.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeVar

from rtgmock.journal.dropped import DroppedRequests
from rtgmock.journal.entries import Entries
from rtgmock.journal.entry import redacted_texts
from rtgmock.journal.exchange import Exchange, account_of
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
        self._numbers: deque[int] = deque()
        self._exchanges: dict[int, Exchange] = {}
        """By their numbers: of those that are kept, what somebody has looked at."""
        self._dropped = DroppedRequests()
        self._bytes = self._count = 0
        self.resets = 0
        """How often the numbers have begun at 1 again."""

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, and drop the oldest ones if there are too many."""
        self.record(exchange, exchange.size)

    def record(self, recorded: Recorded | Exchange, size: int) -> None:
        """Keep what takes ``size`` bytes, and drop the oldest ones. It becomes an exchange when somebody looks."""
        with self._lock:
            self._count += 1
            self._kept.append(recorded)
            self._sizes.append(size)
            self._numbers.append(self._count)
            self._bytes += size
            while len(self._kept) > self._max_requests or self._bytes > self._max_bytes:
                self._dropped.add(account_of(self._kept.popleft()))
                self._bytes -= self._sizes.popleft()
                number = self._numbers.popleft()
                if self._exchanges:
                    self._exchanges.pop(number, None)

    def dropped(self, account: str | None = None) -> int:
        """Return the number of requests, of one account or of all, that were dropped since they were last cleared."""
        with self._lock:
            return self._dropped.count(account)

    def exchanges(self, condition: Filter = _ANY) -> list[Exchange]:
        """Return the exchanges that match, with their secrets: not to be shown. ``text`` and ``limit`` don't count."""
        return [exchange for exchange in self._all() if condition.matches(exchange)]

    def _all(self) -> list[Exchange]:
        """Return all exchanges. What was recorded since the last look becomes one now."""
        with self._lock:
            known, kept, numbers = self._exchanges, list(self._kept), list(self._numbers)
        # Without the lock: requests that are being answered must not wait.
        exchanges = {
            number: known.get(number) or _exchange(one, number) for number, one in zip(numbers, kept, strict=True)
        }
        found = list(exchanges.values())
        with self._lock:
            if self._exchanges is known:  # otherwise the journal was cleared meanwhile, or somebody else has looked
                self._exchanges = exchanges
        return found

    def entries(self, condition: Filter = _ANY) -> list[Entry]:
        """Return the requests that match as they may be shown, the newest last."""
        return [self.entry(exchange) for exchange in _newest(self._mentioning(condition), condition.limit)]

    def _mentioning(self, condition: Filter) -> list[Exchange]:
        """Return the exchanges that match, the ``text`` as well."""
        exchanges = self.exchanges(condition)
        if condition.text is None:
            return exchanges
        # Searched in what is shown: otherwise a masked secret could be guessed letter by letter.
        return [exchange for exchange in exchanges if self.entry(exchange).mentions(condition.text)]

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
            for kept in (self._kept, self._sizes, self._numbers, self._entries, self._dropped):
                kept.clear()
            self._bytes = 0

    def remove(self, condition: Filter) -> None:
        """Forget the requests that match; the numbers go on. ``limit`` doesn't count."""
        doomed = {exchange.number for exchange in self._mentioning(condition)}
        with self._lock:
            is_kept = [number not in doomed for number in self._numbers]
            columns: tuple[deque[Any], ...] = (self._kept, self._sizes, self._numbers)
            for column in columns:
                left = list(compress(column, is_kept))
                column.clear()
                column.extend(left)
            self._exchanges = {number: one for number, one in self._exchanges.items() if number not in doomed}
            self._entries.clear()  # what it knows of equal requests has their secrets
            self._bytes = sum(self._sizes)
            if condition == Filter(account=condition.account):
                self._dropped.clear(condition.account)

    def reset(self) -> None:
        """Forget all requests; the numbers begin at 1 again."""
        self.clear()
        self._count = 0
        self.resets += 1


def _exchange(one: Exchange | Recorded, number: int) -> Exchange:
    exchange = one if isinstance(one, Exchange) else Exchange.of(one)
    exchange.number = number
    return exchange


def _newest(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else items[max(len(items) - limit, 0) :]
