"""An answer that is labelled as something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from rtgmock.faults.base import FaultKind, Key
from rtgmock.model.types import InvalidValue, Text

if TYPE_CHECKING:
    from rtgmock.faults.base import Exchange, Match


@dataclass(frozen=True)
class MimeType(Text):
    """A media type, with or without parameters."""

    def parse(self, raw: object) -> str:
        """As it is written."""
        text = super().parse(raw)
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+(\s*;[\x20-\x7e]*)?", text, re.ASCII):
            raise InvalidValue("is invalid: it must be a media type, as text/html")
        return text


class Keys(TypedDict, total=False):
    """See ContentType."""

    content_type: str


class ContentType(FaultKind):
    """The answer's body stays what it is."""

    keys = (
        Key(
            "content_type",
            MimeType(),
            "a media type",
            "The request is carried out, and its answer labelled as this; the body stays what it is.",
        ),
    )

    def finish(self, match: Match, exchange: Exchange) -> None:
        """Change the label."""
        exchange.relabel(match.values["content_type"])
