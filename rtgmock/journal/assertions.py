"""``emulator.requests``: the requests that were received, and assertions whose failures show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from rtgmock.journal.expectation import Expectation
from rtgmock.journal.filter import Filter
from rtgmock.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtgmock.journal.entry import Entry
    from rtgmock.journal.exchange import Exchange
    from rtgmock.journal.journal import Journal

_MAX_PRINTED = 50
"""Requests that a failed assertion prints, the newest of them."""


class Requests(Sequence["Entry"]):
    """The requests in the journal, the newest last, without their secrets.

    ::

        emulator.requests.last.status
        emulator.requests.of(method="POST", status=201)
        emulator.requests.assert_received("POST", "/instances.json", times=1, json={"plan": "nano"})
        emulator.requests.assert_all_matched()
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __len__(self) -> int:
        return len(self._journal.exchanges())

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._journal.entries())

    @overload
    def __getitem__(self, index: int) -> Entry: ...

    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...

    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        selected = self._journal.exchanges()[index]
        if isinstance(selected, list):
            return [self._journal.entry(exchange) for exchange in selected]
        return self._journal.entry(selected)

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'request')}>"

    def __str__(self) -> str:
        """Return all of them as a table, a line each."""
        return "\n".join(_table(list(self)))

    @property
    def last(self) -> Entry:
        """The newest request. Raises IndexError if there is none."""
        if not self:
            raise IndexError("no request has come")
        return self[-1]

    @property
    def dropped(self) -> int:
        """The number of older requests that the journal dropped, since it keeps only the newest."""
        return self._journal.dropped()

    def clear(self) -> None:
        """Forget all requests so far."""
        self._journal.clear()

    def of(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        status: int | str | None = None,
        account: str | None = None,
        unmatched: bool | None = None,
        text: str | None = None,
    ) -> list[Entry]:
        """Return the requests that match all arguments.

        ``path`` may contain ``*``, ``status`` may be a class as ``"4xx"``, ``text`` may be anywhere in a request or
        its answer; ``unmatched`` requests are those that no endpoint takes.
        """
        condition = Filter(method=method, path=path, status=status, account=account, unmatched=unmatched, text=text)
        return self._journal.entries(condition)

    def assert_received(
        self,
        method: str,
        path: str,
        *,
        times: int | None = None,
        status: int | str | None = None,
        json: Mapping[str, Any] | None = None,
        including: Mapping[str, Any] | None = None,
    ) -> None:
        """Assert that such a request was received, at least once or exactly ``times`` times.

        ``json`` must be all of its parameters, ``including`` some of them. They are compared in the same way however
        they were sent: in the body or the query string, in any format, alone or under ``instance``.
        """
        __tracebackhide__ = True
        expected = Expectation(Filter(method=method, path=path, status=status), json, including)
        count = sum(not expected.differences(exchange) for exchange in self._journal.exchanges())
        if count != times and (times is not None or not count):
            wanted = "at least once" if times is None else counted(times, "time")
            raise AssertionError(self._report(f"{expected} came {counted(count, 'time')}, not {wanted}.", expected))
        if times is not None:
            self._assert_nothing_dropped()

    def assert_not_received(
        self,
        method: str,
        path: str,
        *,
        status: int | str | None = None,
        json: Mapping[str, Any] | None = None,
        including: Mapping[str, Any] | None = None,
    ) -> None:
        """Assert that no such request was received; the arguments are those of ``assert_received``."""
        __tracebackhide__ = True
        self.assert_received(method, path, times=0, status=status, json=json, including=including)

    def assert_all_matched(self) -> None:
        """Assert that an endpoint took every request: no misspelt path, no wrong method, no unknown body type."""
        __tracebackhide__ = True
        unmatched = self._journal.entries(Filter(unmatched=True))
        if unmatched:
            raise AssertionError(self._report(f"{counted(len(unmatched), 'request')} matched no endpoint."))
        self._assert_nothing_dropped()

    def _assert_nothing_dropped(self) -> None:
        __tracebackhide__ = True
        if self.dropped:
            dropped = counted(self.dropped, "earlier request")
            raise AssertionError(
                f"The journal no longer holds {dropped}, so this cannot be told; "
                "empty it first: emulator.requests.clear()"
            )

    def _report(self, sentence: str, expected: Expectation | None = None) -> str:
        """Return a failure's message: the sentence, the requests, and which of them is nearest to the expected one."""
        exchanges = self._journal.exchanges()
        entries = [self._journal.entry(exchange) for exchange in exchanges]
        lines = [sentence, "What came:" if entries else "Nothing came.", *_table(entries)]
        if self.dropped:
            lines.append(f"The journal no longer holds {counted(self.dropped, 'earlier request')}.")
        if expected and (nearest := self._nearest(expected, exchanges)):
            lines.append(nearest)
        return "\n".join(lines)

    def _nearest(self, expected: Expectation, exchanges: Sequence[Exchange]) -> str:
        """Return a sentence about the request with the fewest differences, the newest of several."""
        different = [
            (exchange, differences)
            for exchange in reversed(exchanges)
            if (differences := expected.differences(exchange))
        ]
        if not different:
            return ""
        nearest, differences = min(different, key=lambda item: len(item[1]))
        return self._journal.redact(f"The nearest was {nearest.number}: {'; '.join(differences)}.", nearest)


def _table(entries: Sequence[Entry]) -> list[str]:
    """Return the lines of a table of the newest entries, which has no lines without entries."""
    if not entries:
        return []
    rows = [["#", "method", "path", "status", "ms", ""], *map(_row, entries[-_MAX_PRINTED:])]
    # The last column, a remark, is as wide as it is; the others are aligned.
    widths = [*(max(len(row[column]) for row in rows) for column in range(5)), 0]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    omitted = [f"  ... and {len(entries) - _MAX_PRINTED} before"] if len(entries) > _MAX_PRINTED else []
    return [*omitted, *(f"  {line.rstrip()}" for line in lines)]


def _row(entry: Entry) -> list[str]:
    path = f"{entry.path}?{entry.query}" if entry.query else entry.path
    remark = entry.hint or ""
    if entry.unmatched and entry.nearest:
        remark = f"no such endpoint; did you mean {entry.nearest[0]}?"
    return [str(entry.number), entry.method, path, str(entry.status), f"{entry.ms:.1f}", remark]
