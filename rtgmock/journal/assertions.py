"""``emulator.requests``: what came, for a test to look at, and assertions that say what did come when they fail."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from rtgmock.errors import RequestError
from rtgmock.journal.exchange import Filter
from rtgmock.journal.redaction.redactor import MASK
from rtgmock.journal.redaction.secrets import is_secret
from rtgmock.model.attributes import BY_NAME
from rtgmock.wire import bodies, form, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtgmock.journal.exchange import Exchange
    from rtgmock.journal.journal import Entry, Journal

_SHOWN = 50
"""Requests that a failed assertion prints, the newest of them."""


class Requests(Sequence["Entry"]):
    """The requests that came and are still in the journal, the newest last; no secret is in them.

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
        found = self._journal.exchanges()[index]
        return [self._journal.shown(one) for one in found] if isinstance(found, list) else self._journal.shown(found)

    def __repr__(self) -> str:
        return f"<{_counted(len(self), 'request')}>"

    def __str__(self) -> str:
        """All of them, a line each."""
        return "\n".join(_table(list(self)))

    @property
    def last(self) -> Entry:
        """The newest request. Raises IndexError where none came."""
        if not self:
            raise IndexError("no request has come")
        return self[-1]

    @property
    def dropped(self) -> int:
        """How many are no longer here: the journal holds the newest alone."""
        return self._journal.dropped

    def clear(self) -> None:
        """Forget all that came so far."""
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
        """Those of a sort: ``path`` may have ``*`` in it, ``status`` may be ``"4xx"``, ``text`` stand anywhere."""
        wanted = Filter(method=method, path=path, status=status, account=account, unmatched=unmatched, text=text)
        return self._journal.entries(wanted)

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
        """A request came, at least once or just so many ``times``.

        ``json`` is all that it gave, ``including`` some of it: in the body or the query string, in whatever format,
        alone or under ``instance``.
        """
        __tracebackhide__ = True
        expected = _Expected(Filter(method=method, path=path, status=status), json, including)
        count = sum(not expected.differences(one) for one in self._journal.exchanges())
        if count != times and (times is not None or not count):
            wanted = "at least once" if times is None else _counted(times, "time")
            raise AssertionError(self._report(f"{expected} came {_counted(count, 'time')}, not {wanted}.", expected))
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
        """No such request came; the arguments are those of ``assert_received``."""
        __tracebackhide__ = True
        self.assert_received(method, path, times=0, status=status, json=json, including=including)

    def assert_all_matched(self) -> None:
        """Every request that came was one of the API's: no misspelt path, no wrong method, no unread type."""
        __tracebackhide__ = True
        unmatched = self._journal.entries(Filter(unmatched=True))
        if unmatched:
            raise AssertionError(self._report(f"{_counted(len(unmatched), 'request')} matched no endpoint."))

        self._assert_nothing_dropped()

    def _assert_nothing_dropped(self) -> None:
        __tracebackhide__ = True
        if self.dropped:
            gone = _counted(self.dropped, "earlier request")
            raise AssertionError(
                f"The journal no longer holds {gone}, so this cannot be told; empty it first: emulator.requests.clear()"
            )

    def _report(self, sentence: str, expected: _Expected | None = None) -> str:
        """What was expected, what came, and of that the nearest."""
        came = self._journal.exchanges()
        lines = [sentence, "What came:" if came else "Nothing came.", *_table([self._journal.shown(c) for c in came])]
        if self.dropped:
            lines.append(f"The journal no longer holds {_counted(self.dropped, 'earlier request')}.")
        if expected and (near := self._near_miss(expected, came)):
            lines.append(near)
        return "\n".join(lines)

    def _near_miss(self, expected: _Expected, came: Sequence[Exchange]) -> str:
        """The request that differs least, and in what; the newest of several."""
        missed = [(one, differences) for one in reversed(came) if (differences := expected.differences(one))]
        if not missed:
            return ""
        nearest, differences = min(missed, key=lambda miss: len(miss[1]))
        return self._journal.mask(f"The nearest was {nearest.number}: {'; '.join(differences)}.", nearest)


@dataclass(frozen=True)
class _Expected:
    filter: Filter
    json: Mapping[str, Any] | None
    including: Mapping[str, Any] | None

    def __str__(self) -> str:
        words = [f"{self.filter.method} {self.filter.path}"]
        if self.filter.status is not None:
            words.append(f"answered {self.filter.status}")
        for name, given in (("with", self.json), ("including", self.including)):
            if given is not None:
                words.append(f"{name} {_masked(given)}")
        return " ".join(words)

    def differences(self, exchange: Exchange) -> list[str]:
        """In what a request is not the expected one, in words."""
        found = [
            f"the {name} is {came}, not {wanted}"
            for name, wanted, came, condition in (
                ("method", self.filter.method, exchange.method, Filter(method=self.filter.method)),
                ("path", self.filter.path, exchange.path, Filter(path=self.filter.path)),
                ("status", self.filter.status, exchange.status, Filter(status=self.filter.status)),
            )
            if not condition.takes(exchange)
        ]
        return [*found, *self._different_parameters(exchange)]

    def _different_parameters(self, exchange: Exchange) -> list[str]:
        if self.json is None and self.including is None:
            return []
        try:
            came = given_parameters(exchange)
        except RequestError as error:
            return [f"its parameters cannot be read ({type(error).__name__})"]
        wanted = {**parameters.flat(dict(self.json or {})), **parameters.flat(dict(self.including or {}))}
        missing = [f"{name} is missing" for name in wanted if name not in came]
        other = [
            f"{name} is {_shown(name, came[name])}, not {_shown(name, value)}"
            for name, value in wanted.items()
            if name in came and not _same(name, came[name], value)
        ]
        more = [f"{name} came as well" for name in came if self.json is not None and name not in wanted]
        return [*missing, *other, *more]


def given_parameters(exchange: Exchange) -> dict[str, Any]:
    """What a request gave, read as the API reads it. Raises RequestError for what cannot be read."""
    if not exchange.body.whole:
        raise RequestError("the journal holds no more than the body's beginning")
    encoding = exchange.header("Content-Encoding").strip().lower() or "identity"
    body = bodies.decode(exchange.body.data, exchange.header("Content-Type"), encoding)
    return parameters.flat(form.merge(body, form.decode_query(exchange.query.encode("latin-1"))))


def _same(name: str, came: Any, wanted: Any) -> bool:
    """Whether two values mean the same: a form says "30" where JSON says 30."""
    if came == wanted:
        return True
    if name in BY_NAME:
        return BY_NAME[name].same(came, wanted)
    return isinstance(came, str) and came == json_format.dumps(wanted, default=repr)


def _shown(name: str, value: object) -> str:
    return MASK if is_secret(name) and value else repr(value)


def _masked(given: Mapping[str, Any]) -> str:
    return json_format.dumps({name: MASK if is_secret(name) else value for name, value in given.items()}, default=repr)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _table(entries: Sequence[Entry]) -> list[str]:
    rows = [["#", "method", "path", "status", "ms", ""], *(_row(entry) for entry in entries[-_SHOWN:])]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows]
    more = [f"  ... and {len(entries) - _SHOWN} before"] if len(entries) > _SHOWN else []
    return [*more, *(f"  {line.rstrip()}" for line in lines)] if entries else []


def _row(entry: Entry) -> list[str]:
    path = f"{entry.path}?{entry.query}" if entry.query else entry.path
    meant = f"no such endpoint; did you mean {entry.nearest[0]}?" if entry.unmatched and entry.nearest else ""
    return [str(entry.number), entry.method, path, str(entry.status), f"{entry.ms:.1f}", meant or entry.hint or ""]
