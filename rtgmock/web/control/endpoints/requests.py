"""``GET`` and ``DELETE /_rtgmock/requests``: the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from rtgmock.journal.filter import Filter
from rtgmock.model import validation
from rtgmock.model.types import Boolean, Integer, InvalidValue, Text, ValueType
from rtgmock.web.control.json_io import answer

if TYPE_CHECKING:
    from rtgmock.journal.journal import Journal


@dataclass(frozen=True)
class _Status(ValueType):
    """``404``, or all of a class: ``4xx``."""

    def parse(self, raw: object) -> str:
        text = str(raw).strip().lower()
        digits = text.removesuffix("xx")
        if not (digits.isdecimal() and len(text) == 3 and "1" <= text[0] <= "5"):  # noqa: PLR2004 - digits of a status
            raise InvalidValue("is invalid: it must be a status, as 404, or a class of them, as 4xx")
        return text


@dataclass(frozen=True)
class _Since(ValueType):
    """A request's number, or a moment."""

    def parse(self, raw: object) -> str:
        text = str(raw).strip()
        try:
            since(text)
        except ValueError as error:
            raise InvalidValue(
                "is invalid: it must be a request's number, as 12, or a moment, as 2010-12-20T00:35:22Z"
            ) from error
        return text


def since(text: str) -> int | datetime:
    """Read a request's number or a moment, which is in UTC unless it says otherwise. Raises ValueError."""
    if text.isdecimal():
        return int(text)
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a + in a query is a blank
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


FIELDS: validation.Fields = {
    "method": Text(),
    "path": Text(),
    "status": _Status(),
    "account": Text(),
    "unmatched": Boolean(),
    "since": _Since(),
    "text": Text(),
    "limit": Integer(1),
}


def blueprint(journal: Journal) -> Blueprint:
    """What came and what was answered, the newest last: all of it, or what a query string asks for."""
    requests = Blueprint("requests", __name__)
    options = {"provide_automatic_options": False, "strict_slashes": False}

    @requests.get("/requests", **options)
    def show() -> Response:
        entries = journal.entries(_wanted())
        return answer({"requests": [entry.document() for entry in entries], "dropped": journal.dropped})

    @requests.delete("/requests", **options)
    def clear() -> Response:
        journal.clear()
        return answer({"requests": [], "dropped": 0})

    return requests


def _wanted() -> Filter:
    given = validation.parse_fields(request.args.to_dict(), FIELDS)
    if "since" in given:
        given["since"] = since(given["since"])
    return Filter(**given)
