"""The response is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from rtgmock.faults.base import FaultKind, RuleKey
from rtgmock.model.types import INT_MAX, Integer, InvalidValue, ValueType

if TYPE_CHECKING:
    from rtgmock.faults.base import HttpExchange, Match

_HALF = "half"


@dataclass(frozen=True)
class Portion(ValueType):
    """A number of bytes, or ``half``."""

    def parse(self, raw: object) -> int | str:
        """Return the number, also of a string of digits, or the word. Raises InvalidValue for another value."""
        try:
            return raw if raw == _HALF and isinstance(raw, str) else Integer(0, INT_MAX).parse(raw)
        except InvalidValue as error:
            raise InvalidValue(f"must be {_HALF} or a number of bytes") from error


class Keys(TypedDict, total=False):
    """The keyword arguments of Truncate."""

    truncate: int | Literal["half"]


class Truncate(FaultKind):
    """Sends the headers of the whole response and a part of its body, and closes the connection."""

    keys = (
        RuleKey(
            "truncate",
            Portion(),
            "bytes, `half`",
            "Carry the request out, send only this much of the response body under the `Content-Length` of the whole "
            "(never its last byte), and close the connection.",
        ),
    )

    def on_response(self, match: Match, exchange: HttpExchange) -> None:
        """Have the response truncated."""
        whole, portion = exchange.length, match.values["truncate"]
        length = whole // 2 if portion == _HALF else portion
        # At least one byte is missing, so that a client can tell; of an empty body nothing can be.
        exchange.connection.truncate(max(min(length, whole - 1), 0))
