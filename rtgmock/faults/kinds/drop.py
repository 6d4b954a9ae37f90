"""A connection that is reset without a byte of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from rtgmock.faults.base import FaultKind, InjectedError, Key, Mode

if TYPE_CHECKING:
    from rtgmock.faults.base import Exchange, Match

_BEFORE, _AFTER = "before", "after"
NO_ANSWER = 444
"""What the log says of a request that was dropped before it was carried out: nginx's number for it."""


class Keys(TypedDict, total=False):
    """See Drop."""

    drop: Literal[True, "before", "after"]


class Drop(FaultKind):
    """Before the request is carried out, or after: then the change is made, and the client doesn't learn of it."""

    keys = (
        Key(
            "drop",
            Mode((_BEFORE, _AFTER)),
            "`true`, `before`, `after`",
            "The connection is reset. `before` (or `true`): nothing was done; `after`: the request was carried out.",
        ),
    )
    conflicts = ("status", "truncate", "content_type", "upgrade")

    def begin(self, match: Match, exchange: Exchange) -> None:
        """Keep the request from being carried out, unless that comes first."""
        exchange.connection.drop()
        if match.values["drop"] == _BEFORE:
            raise InjectedError(NO_ANSWER, "The connection was dropped.")
