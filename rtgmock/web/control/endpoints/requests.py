"""``GET requests`` and ``DELETE requests``: the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
from flask import request

from rtgmock.journal.filter import Filter
from rtgmock.model.types import Boolean, Integer, InvalidValue, Text, ValueType
from rtgmock.model.validation import parse_fields
from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.model.validation import Fields
    from rtgmock.web.control.context import ControlContext


@dataclass(frozen=True)
class _StatusOrClass(ValueType):
    """A status or a class of them: ``404``, ``4xx``."""

    def parse(self, raw: object) -> str:
        text = str(raw).strip().lower()
        digits = text.removesuffix("xx")
        if not (digits.isdecimal() and len(text) == 3 and "1" <= text[0] <= "5"):  # noqa: PLR2004 - digits of a status
            raise InvalidValue("is invalid: it must be a status, as 404, or a class of them, as 4xx")
        return text


@dataclass(frozen=True)
class _NumberOrMoment(ValueType):
    """A request's number, or a moment."""

    def parse(self, raw: object) -> str:
        text = str(raw).strip()
        try:
            # The result is dropped, and computed again by _filter: a field's value is one that JSON has, no datetime.
            _parse_since(text)
        except ValueError as error:
            raise InvalidValue(
                "is invalid: it must be a request's number, as 12, or a moment, as 2010-12-20T00:35:22Z"
            ) from error
        return text


FIELDS: Fields = {
    "method": Text(),
    "path": Text(),
    "status": _StatusOrClass(),
    "account": Text(),
    "unmatched": Boolean(),
    "since": _NumberOrMoment(),
    "text": Text(),
    "limit": Integer(1),
}
"""The parameters of ``GET requests``: the fields of a ``Filter``."""
CLEAR_FIELDS: Fields = {name: value_type for name, value_type in FIELDS.items() if name != "limit"}
"""Those of ``DELETE requests``."""


def show(context: ControlContext) -> Response:
    """List the requests that match the query string, the newest last."""
    condition = _filter(FIELDS)
    # Looked at first: who follows the journal by numbers must not take requests of a new one for those of the old one.
    journal = f"{context.health.started:.3f}-{context.journal.resets}"
    encoded = [orjson.Fragment(entry.encoded) for entry in context.journal.entries(condition)]
    dropped = context.journal.dropped(condition.account)
    return json_io.answer({"requests": encoded, "dropped": dropped, "journal": journal})


def clear(context: ControlContext) -> Response:
    """Forget the requests that match the query string, or all of them, and answer as ``show`` does then."""
    condition = _filter(CLEAR_FIELDS)
    context.journal.remove(condition)
    return json_io.answer({"requests": [], "dropped": context.journal.dropped(condition.account)})


def _filter(fields: Fields) -> Filter:
    values = parse_fields(request.args.to_dict(), fields)
    if "since" in values:
        values["since"] = _parse_since(values["since"])
    return Filter(**values)


def _parse_since(text: str) -> int | datetime:
    """Return a request's number or a moment, in UTC if it has no offset. Raises ValueError."""
    if text.isdecimal():
        return int(text)
    # In a query string, the + of 2010-12-20T01:35:22+01:00 means a blank.
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


ENDPOINTS = (
    ControlEndpoint("GET", "/requests", show, Waits.LONG),
    ControlEndpoint("DELETE", "/requests", clear, Waits.LONG),
)
