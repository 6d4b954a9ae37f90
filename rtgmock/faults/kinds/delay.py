"""An answer that comes late."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from rtgmock.faults.base import FaultKind, Key
from rtgmock.model.types import Number

if TYPE_CHECKING:
    from rtgmock.faults.base import Exchange, Hit

_LONGEST = 3600


class Keys(TypedDict, total=False):
    """See Delay."""

    delay: float
    jitter: float


class Delay(FaultKind):
    """The request is carried out at once; its answer waits. It goes with every other kind."""

    keys = (
        Key("delay", Number(0, _LONGEST), "seconds", "The request is carried out at once, and its answer kept back."),
        Key("jitter", Number(0, _LONGEST), "seconds", "How much longer or shorter a delay may be, evenly spread."),
    )

    def finish(self, hit: Hit, exchange: Exchange) -> None:
        """Keep the answer back."""
        jitter = hit.values.get("jitter", 0.0) * (2 * hit.share("jitter") - 1)
        exchange.connection.hold(max(hit.values["delay"] + jitter, 0.0))
