"""``GET clock`` and ``POST clock``: the emulator's time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rtgmock.clock import timestamp
from rtgmock.errors import Invalid
from rtgmock.model.types import Boolean, Datetime, Number
from rtgmock.model.validation import parse_fields
from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.model.validation import Fields
    from rtgmock.web.control.context import ControlContext

FIELDS: Fields = {"set": Datetime(), "advance": Number(-1e9, 1e9), "freeze": Boolean()}
"""A moment, a number of seconds, and whether time stands still afterwards; applied in this order."""


def show(context: ControlContext) -> Response:
    """Answer with the time: ``{"now": "2010-12-20T00:35:22Z", "frozen": false}``."""
    return json_io.answer({"now": timestamp(context.clock.now()), "frozen": context.clock.frozen})


def change(context: ControlContext) -> Response:
    """Set, advance or freeze the clock, and answer with the time."""
    clock, values = context.clock, parse_fields(json_io.read_object(), FIELDS)
    if not values:
        raise Invalid([f"Nothing to do: accepted are {', '.join(FIELDS)}"])
    moment, seconds = values.get("set"), values.get("advance", 0)
    try:
        clock.change(moment and datetime.fromisoformat(moment), seconds, frozen=values.get("freeze"))
    except OverflowError as error:
        raise Invalid([f"advance must lead to a moment between the years 1 and 9999: it is {seconds:g}"]) from error
    return show(context)


ENDPOINTS = (ControlEndpoint("GET", "/clock", show), ControlEndpoint("POST", "/clock", change))
