"""The entries of the journal: each is made once, when it is first asked for, and kept as long as its exchange."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rtgmock.clock import timestamp
from rtgmock.journal.entry import Entry

if TYPE_CHECKING:
    from rtgmock.journal.exchange import Exchange
    from rtgmock.journal.redaction.redactor import Redactor

MAX_EQUAL = 128
"""Entries that are taken for equal requests as well: a client sends the same few again and again."""

_TURN = 8
"""Entries that are made in a turn: about a millisecond."""


class Entries:
    """Makes entries, for any number of threads. Requests that are equal but for their time are redacted once.

    ``redactor`` knows what is secret wherever it is, from the beginning.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._entries: WeakKeyDictionary[Exchange, Entry] = WeakKeyDictionary()
        self._by_contents: dict[tuple[object, ...], Entry] = {}
        self._lock = threading.Lock()

    def entry(self, exchange: Exchange) -> Entry:
        """Return an exchange as it may be shown."""
        entry = self._entries.get(exchange)
        if entry is None:
            entry = self._entries[exchange] = self._make(exchange)
            if exchange.number % _TURN == 0:
                time.sleep(0)  # the other threads have their turn
        return entry

    def clear(self) -> None:
        """Forget all of them, with the secrets in their exchanges."""
        with self._lock:
            self._by_contents.clear()
        self._redactor.forget()

    def _make(self, exchange: Exchange) -> Entry:
        contents = exchange.contents()
        if equal := self._by_contents.get(contents):
            return replace(equal, number=exchange.number, time=timestamp(exchange.moment), ms=exchange.ms)
        entry = Entry.of(exchange, self._redactor.for_request(exchange.account))
        with self._lock:
            self._by_contents[contents] = entry
            if len(self._by_contents) > MAX_EQUAL:
                del self._by_contents[next(iter(self._by_contents))]  # the oldest
        return entry
