"""The connection is reset without a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from rtgmock.faults.base import FaultKind, InjectedError, Mode, RuleKey

if TYPE_CHECKING:
    from rtgmock.faults.base import HttpExchange, Match

_BEFORE, _AFTER = "before", "after"
NO_RESPONSE = 444
"""The status that the log shows for a request that was not carried out; nginx uses it for the same purpose."""


class Keys(TypedDict, total=False):
    """The keyword arguments of Drop."""

    drop: Literal[True, "before", "after"]


class Drop(FaultKind):
    """Resets the connection before or after the request is carried out.

    After it, the change is made and the client does not learn of it.
    """

    keys = (
        RuleKey(
            "drop",
            Mode((_BEFORE, _AFTER)),
            "`true`, `before`, `after`",
            "Reset the connection: `before` (or `true`) without carrying the request out, `after` once it was.",
        ),
    )
    conflicts = ("status", "truncate", "content_type", "upgrade")

    def on_request(self, match: Match, exchange: HttpExchange) -> None:
        """Have the response dropped; with ``before``, raise so that the request is not carried out."""
        # Before the request is carried out also for "after": the connection must be dropped when it fails, too.
        exchange.connection.drop()
        if match.values["drop"] == _BEFORE:
            raise InjectedError(NO_RESPONSE, "The connection was dropped.")
