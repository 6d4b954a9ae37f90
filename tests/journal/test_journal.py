"""How many requests the journal keeps, and how it numbers them."""

from __future__ import annotations

import threading
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest import mock

from rtgmock.journal.dropped import DroppedRequests
from rtgmock.journal.entry import Entry
from rtgmock.journal.exchange import MAX_BODY_BYTES, Body, Exchange, WsgiHeaders
from rtgmock.journal.filter import Filter
from rtgmock.journal.journal import Journal
from rtgmock.journal.redaction.redactor import Redactor
from tests.support.clock import START
from tests.support.journal import exchange
from tests.support.scaling import cpu_time

if TYPE_CHECKING:
    from rtgmock.journal.exchange import Recorded


def test_the_oldest_are_dropped_when_there_are_too_many() -> None:
    journal = Journal(max_requests=3)
    for number in range(5):
        journal.add(exchange(f"/{number}"))

    assert [(entry.number, entry.path) for entry in journal.entries()] == [(3, "/2"), (4, "/3"), (5, "/4")]
    assert journal.dropped() == 2


def test_the_oldest_are_dropped_when_they_are_too_large() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(20):
        journal.add(exchange(size=MAX_BODY_BYTES))

    kept = journal.exchanges()
    assert sum(exchange.size for exchange in kept) <= 100_000
    assert 4 <= len(kept) < 7
    assert journal.dropped() == 20 - len(kept)


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
    assert (journal.entries(), journal.dropped()) == ([], 0)
    journal.add(exchange())
    assert [entry.number for entry in journal.entries()] == [3]


def test_the_requests_of_one_account_are_cleared_alone() -> None:
    journal = Journal(max_requests=4)
    for account in ("ann", "bob", "ann", "bob", "ann", "bob"):
        journal.add(exchange(account=account))
    assert [journal.dropped(name) for name in ("ann", "bob", None)] == [1, 1, 2]

    journal.remove(Filter(account="ann"))

    assert [entry.number for entry in journal.entries()] == [4, 6]
    assert [journal.dropped(name) for name in ("ann", "bob", None)] == [0, 1, 1]
    for _ in range(3):
        journal.add(exchange(account="ann"))
    assert [entry.number for entry in journal.entries()] == [6, 7, 8, 9]


def test_the_requests_that_a_filter_matches_are_cleared() -> None:
    journal = Journal(max_requests=3)
    for status in (200, 404, 200, 404):
        journal.add(exchange(status=status, hint="did you mean plan?" if status == 404 else ""))

    journal.remove(Filter(text="did you mean", status="4xx"))

    assert [(entry.number, entry.status) for entry in journal.entries()] == [(3, 200)]
    assert journal.dropped() == 1


def test_the_dropped_requests_of_very_many_accounts_are_counted_together() -> None:
    dropped = DroppedRequests(max_accounts=2)
    for name in ("ann", "bob", "eve"):
        dropped.add(name)

    assert [dropped.count(name) for name in ("ann", "bob", "eve", None)] == [1, 2, 2, 3]
    dropped.clear("bob")
    assert [dropped.count(name) for name in ("bob", "eve", None)] == [1, 2, 2]
    dropped.clear()
    assert dropped.count() == 0


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

    assert journal.dropped() == 750
    numbers = [entry.number for entry in journal.entries()]
    assert numbers == list(range(751, 801))


def recorded(path: str) -> Recorded:
    """What the journal is given of a request whose answer is longer than what is kept."""
    headers = {"HTTP_HOST": "localhost"}
    answer_headers = (("Content-Type", "text/plain"),)
    return "GET", path, 200, START, 1.5, b"a=%E9", headers, b"", 0, answer_headers, b"abc", 9, "one", (), "", ""


def test_what_was_recorded_becomes_an_exchange_at_the_first_look() -> None:
    journal = Journal(max_bytes=2500)
    with mock.patch.object(Exchange, "of", wraps=Exchange.of) as make:
        for number in range(4):
            journal.record(recorded(f"/{number}"), 1000)
        assert make.call_count == 0
        first, second = journal.exchanges()
        assert [journal.exchanges()[0] is first, journal.exchanges()[1] is second] == [True, True]
        assert make.call_count == 2

    assert (first.number, first.path, first.query, first.answer) == (3, "/2", "a=%E9", Body(b"abc", 9))
    assert first.headers == WsgiHeaders({"HTTP_HOST": "localhost"})
    assert journal.entries()[1].answer == "abc... (cut: 9 bytes in all)"


def test_nothing_is_kept_of_a_journal_that_is_cleared_during_a_look() -> None:
    journal = Journal()
    journal.record(recorded("/secret"), 1000)
    make = Exchange.of

    def clear(given: Recorded) -> Exchange:
        journal.clear()
        return make(given)

    with mock.patch.object(Exchange, "of", clear):
        seen = weakref.ref(journal.exchanges()[0])

    assert journal.exchanges() == []
    assert seen() is None


def test_an_entry_is_made_once() -> None:
    journal = Journal()
    for number in range(3):
        journal.add(exchange(f"/{number}"))

    first = journal.entries()
    assert [one is other for one, other in zip(first, journal.entries(), strict=True)] == [True] * 3
    assert journal.entries(Filter(text="/1")) == [first[1]]
    assert journal.entry(journal.exchanges()[2]) is first[2]


def test_requests_that_are_equal_but_for_their_time_are_redacted_once() -> None:
    journal = Journal(Redactor(["s3cret-one"]))
    for second in range(3):
        journal.add(exchange("/s3cret-one", ms=float(second), moment=START + timedelta(seconds=second)))
    journal.add(exchange("/s3cret-one", account="s3cret-one"))
    with mock.patch.object(Entry, "of", wraps=Entry.of) as make:
        entries = journal.entries()

    assert [(one.number, one.time[-3:], one.ms, one.path) for one in entries] == [
        (1, "22Z", 0.0, "/***"),
        (2, "23Z", 1.0, "/***"),
        (3, "24Z", 2.0, "/***"),
        (4, "22Z", 0.0, "/s3cret-one"),
    ]
    assert make.call_count == 2


def test_a_second_look_takes_a_fraction_of_the_first() -> None:
    journal = Journal()
    for number in range(300):
        journal.add(exchange(f"/instances/{number}", hint=f"password: {number}"))

    def look(_: None) -> None:
        for entry in journal.entries(Filter(text="instances/5")):
            assert entry.encoded

    first = cpu_time(look, None, least=0)
    assert cpu_time(look, None) < first / 5
