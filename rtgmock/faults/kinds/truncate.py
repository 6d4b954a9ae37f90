"""Half an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from rtgmock.faults.base import FaultKind, Key
from rtgmock.model.types import INT_MAX, Integer, InvalidValue, ValueType

if TYPE_CHECKING:
    from rtgmock.faults.base import Exchange, Match

_HALF = "half"


@dataclass(frozen=True)
class Portion(ValueType):
    """A number of bytes, or ``half``."""

    def parse(self, raw: object) -> int | str:
        """What it says; a string of digits is a number."""
        try:
            return raw if raw == _HALF and isinstance(raw, str) else Integer(0, INT_MAX).parse(raw)
        except InvalidValue as error:
            raise InvalidValue(f"must be {_HALF} or a number of bytes") from error


class Keys(TypedDict, total=False):
    """See Truncate."""

    truncate: int | Literal["half"]


class Truncate(FaultKind):
    """The head of the whole answer and a part of its body; then the connection is closed."""

    keys = (
        Key(
            "truncate",
            Portion(),
            "bytes, `half`",
            "The request is carried out. So much of its answer's body is sent under the `Content-Length` of the "
            "whole, the last byte never; then the connection is closed.",
        ),
    )

    def finish(self, match: Match, exchange: Exchange) -> None:
        """Keep the rest of the body back."""
        whole, portion = exchange.length, match.values["truncate"]
        exchange.connection.truncate(max(min(whole // 2 if portion == _HALF else portion, whole - 1), 0))
