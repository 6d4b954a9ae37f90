"""The response is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from rtgmock.faults.base import FaultKind, RuleKey
from rtgmock.model.types import Number

if TYPE_CHECKING:
    from rtgmock.faults.base import HttpExchange, Match

MAX_LENGTH = 3600
"""The longest delay in seconds."""


class Keys(TypedDict, total=False):
    """The keyword arguments of Delay."""

    delay: float
    jitter: float


class Delay(FaultKind):
    """Carries the request out at once and delays the response. May be combined with every other kind."""

    keys = (
        RuleKey("delay", Number(0, MAX_LENGTH), "seconds", "Carry the request out at once, and delay the response."),
        RuleKey(
            "jitter",
            Number(0, MAX_LENGTH),
            "seconds",
            "Lengthen or shorten the delay by up to this much, evenly distributed.",
        ),
    )

    def on_response(self, match: Match, exchange: HttpExchange) -> None:
        """Delay the response."""
        jitter = match.values.get("jitter", 0.0) * (2 * match.uniform("jitter") - 1)
        # The server's loop waits, not this thread: any number of delayed responses blocks no other request.
        exchange.connection.delay(max(match.values["delay"] + jitter, 0.0))
