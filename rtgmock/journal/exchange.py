"""A request with its answer, and which of them somebody asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rtgmock.wire.bodies import label, meant_type
from rtgmock.wire.endpoints import known_path, nearest_endpoints

if TYPE_CHECKING:
    from datetime import datetime

BODY_BYTES = 16 * 2**10
"""Bytes that are kept of each body."""
_OVERHEAD = 1000
"""Bytes that an exchange takes up beside its bodies, about."""
_NEAREST = 3

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """As much of a body as is kept, and how long it was."""

    data: bytes = field(default=b"", repr=False)
    size: int = 0

    @classmethod
    def of(cls, data: bytes) -> Body:
        """A body, of which no more is kept than is to be."""
        return cls(data[:BODY_BYTES], len(data))

    @property
    def whole(self) -> bool:
        """Whether all of it is here."""
        return len(self.data) == self.size


@dataclass(eq=False)
class Exchange:
    """A request and its answer, with their secrets: for the journal and for comparisons, never to be shown.

    ``number`` is the journal's to give.
    """

    method: str
    path: str
    status: int
    moment: datetime
    ms: float = 0.0
    query: str = field(default="", repr=False)
    headers: Headers = field(default=(), repr=False)
    body: Body = field(default=Body(), repr=False)
    answer_headers: Headers = field(default=(), repr=False)
    answer: Body = field(default=Body(), repr=False)
    account: str = ""
    ignored: tuple[str, ...] = ()
    hint: str = field(default="", repr=False)
    fault: str = ""
    number: int = 0

    @cached_property
    def size(self) -> int:
        """Bytes that it takes up, about."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return _OVERHEAD + len(self.path) + len(self.query) + headers + len(self.body.data) + len(self.answer.data)

    def header(self, name: str) -> str:
        """A header of the request; empty where there is none."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    @cached_property
    def unmatched(self) -> bool:
        """Whether it was refused because no endpoint takes a request such as this."""
        if self.fault or self.status < 400:  # noqa: PLR2004 - what is refused
            return False
        if self.status == 404:  # noqa: PLR2004 - also of an instance that there isn't
            return not known_path(self.path)
        mislabelled = self.status in {400, 422} and meant_type(label(self.header("Content-Type")).mime, self.body.data)
        return self.status in {405, 406, 415} or bool(mislabelled)

    def nearest(self, path: str) -> list[str]:
        """What an unmatched request may have been meant for, the likeliest first; ``path`` is what is shown of its."""
        if not self.unmatched:
            return []
        found = nearest_endpoints(self.method, path, self.header("Content-Type"), self.body.data)
        return [str(endpoint) for endpoint in found[:_NEAREST]]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which requests are asked for; what is left out is no matter.

    ``path`` may have ``*`` in it, ``status`` is a number or a class, as ``4xx``; ``since`` is a request's number,
    for those after it, or a moment, for those from then on; ``text`` may stand anywhere in what is shown.
    """

    method: str | None = None
    path: str | None = None
    status: int | str | None = None
    account: str | None = None
    unmatched: bool | None = None
    since: int | datetime | None = None
    text: str | None = None
    limit: int | None = None

    def takes(self, exchange: Exchange) -> bool:
        """Whether an exchange is one of them, but for its text."""
        return (
            (self.method is None or self.method.upper() == exchange.method.upper())
            and (self.path is None or _glob(self.path).fullmatch(exchange.path) is not None)
            and (self.status is None or _is_status(str(self.status).lower(), str(exchange.status)))
            and (self.account is None or self.account == exchange.account)
            and (self.unmatched is None or self.unmatched == exchange.unmatched)
            and self._is_recent(exchange)
        )

    def _is_recent(self, exchange: Exchange) -> bool:
        if self.since is None:
            return True
        return exchange.number > self.since if isinstance(self.since, int) else exchange.moment >= self.since


def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _is_status(wanted: str, status: str) -> bool:
    return wanted == status or (wanted.endswith("xx") and wanted[0] == status[0])
