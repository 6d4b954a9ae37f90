"""How many requests the journal keeps, and how it numbers them."""

from __future__ import annotations

import threading

from rtgmock.journal.exchange import MAX_BODY_BYTES
from rtgmock.journal.filter import Filter
from rtgmock.journal.journal import Journal
from tests.support.journal import exchange


def test_the_oldest_are_dropped_when_there_are_too_many() -> None:
    journal = Journal(max_requests=3)
    for number in range(5):
        journal.add(exchange(f"/{number}"))

    assert [(entry.number, entry.path) for entry in journal.entries()] == [(3, "/2"), (4, "/3"), (5, "/4")]
    assert journal.dropped == 2


def test_the_oldest_are_dropped_when_they_are_too_large() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(20):
        journal.add(exchange(size=MAX_BODY_BYTES))

    kept = journal.exchanges()
    assert sum(exchange.size for exchange in kept) <= 100_000
    assert 4 <= len(kept) < 7
    assert journal.dropped == 20 - len(kept)


def test_headers_count_as_bytes() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(20):
        journal.add(exchange(headers=(("X", "x" * 30_000),)))

    assert len(journal.exchanges()) == 3


def test_numbers_go_on_after_the_journal_was_cleared() -> None:
    journal = Journal(max_requests=1)
    journal.add(exchange())
    journal.add(exchange())
    journal.clear()
    assert (journal.entries(), journal.dropped) == ([], 0)
    journal.add(exchange())
    assert [entry.number for entry in journal.entries()] == [3]


def test_many_threads_may_write_while_others_read() -> None:
    journal = Journal(max_requests=50)

    def write() -> None:
        for _ in range(200):
            journal.add(exchange(size=100))
            journal.entries(Filter(limit=1))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert journal.dropped == 750
    numbers = [entry.number for entry in journal.entries()]
    assert numbers == list(range(751, 801))
