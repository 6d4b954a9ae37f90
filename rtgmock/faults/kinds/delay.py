"""An answer that comes late."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from rtgmock.faults.base import FaultKind, Key
from rtgmock.model.types import Number

if TYPE_CHECKING:
    from rtgmock.faults.base import Exchange, Match

MAX_LENGTH = 3600


class Keys(TypedDict, total=False):
    """See Delay."""

    delay: float
    jitter: float


class Delay(FaultKind):
    """The request is carried out at once; its answer waits. It goes with every other kind."""

    keys = (
        Key("delay", Number(0, MAX_LENGTH), "seconds", "The request is carried out at once, and its answer kept back."),
        Key("jitter", Number(0, MAX_LENGTH), "seconds", "How much longer or shorter a delay may be, evenly spread."),
    )

    def finish(self, match: Match, exchange: Exchange) -> None:
        """Keep the answer back."""
        jitter = match.values.get("jitter", 0.0) * (2 * match.uniform("jitter") - 1)
        exchange.connection.delay(max(match.values["delay"] + jitter, 0.0))
