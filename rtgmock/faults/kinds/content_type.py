"""The response gets another media type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from rtgmock.faults.base import FaultKind, RuleKey
from rtgmock.model.types import InvalidValue, Text

if TYPE_CHECKING:
    from rtgmock.faults.base import HttpExchange, Match


@dataclass(frozen=True)
class MediaType(Text):
    """A media type, with or without parameters."""

    def parse(self, raw: object) -> str:
        """Return the media type as it is. Raises InvalidValue for another value."""
        text = super().parse(raw)
        # Only printable ASCII in the parameters: they go into a header as they are.
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+(\s*;[\x20-\x7e]*)?", text, re.ASCII):
            raise InvalidValue("is invalid: it must be a media type, as text/html")
        return text


class Keys(TypedDict, total=False):
    """The keyword arguments of ContentType."""

    content_type: str


class ContentType(FaultKind):
    """Labels the response as something else; the body stays what it is."""

    keys = (
        RuleKey(
            "content_type",
            MediaType(),
            "a media type",
            "Carry the request out, and label the response as this type; the body stays what it is.",
        ),
    )

    def on_response(self, match: Match, exchange: HttpExchange) -> None:
        """Change the label."""
        exchange.set_content_type(match.values["content_type"])
