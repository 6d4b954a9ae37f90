"""Filters on the journal's requests."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from rtgmock.journal.exchange import Exchange


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A condition on requests: all that is given must hold.

    ``path`` may contain ``*``. ``status`` is a number, or a class as ``4xx``. ``since`` is a request's number, for
    those after it, or a moment, for those from then on. ``text`` is searched in all that is shown of a request;
    ``limit`` is the number of newest requests to return. These two are for the journal, and not for ``matches``.
    """

    method: str | None = None
    path: str | None = None
    status: int | str | None = None
    account: str | None = None
    unmatched: bool | None = None
    since: int | datetime | None = None
    text: str | None = None
    limit: int | None = None

    def matches(self, exchange: Exchange) -> bool:
        """Return whether an exchange fulfils the condition, apart from ``text`` and ``limit``."""
        return (
            (self.method is None or self.method.upper() == exchange.method.upper())
            and (self._path_pattern is None or self._path_pattern.match(exchange.path) is not None)
            and (self.status is None or _is_status(str(self.status).lower(), str(exchange.status)))
            and (self.account is None or self.account == exchange.account)
            and (self.unmatched is None or self.unmatched == exchange.unmatched)
            and self._is_recent(exchange)
        )

    @cached_property
    def _path_pattern(self) -> re.Pattern[str] | None:
        """The pattern of the path. Its time grows with the length of a path and not faster, as fnmatch's do."""
        if self.path is None:
            return None
        only_stars = re.sub(r"[?\[]", r"[\g<0>]", self.path)  # ? and [a-z] mean themselves here
        return re.compile(fnmatch.translate(only_stars))

    def _is_recent(self, exchange: Exchange) -> bool:
        if self.since is None:
            return True
        return exchange.number > self.since if isinstance(self.since, int) else exchange.moment >= self.since


def _is_status(expected: str, status: str) -> bool:
    return expected == status or (expected.endswith("xx") and expected[0] == status[0])
