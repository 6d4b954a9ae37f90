"""``GET`` and ``POST clock``: what time it is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.clock import timestamp
from rtgmock.errors import Invalid
from rtgmock.model.types import Boolean, Datetime, Number
from rtgmock.model.validation import parse_fields
from rtgmock.web.control import json_io

if TYPE_CHECKING:
    from rtgmock.clock import ControlledClock
    from rtgmock.model.validation import Fields

FIELDS: Fields = {"set": Datetime(), "advance": Number(-1e9, 1e9), "freeze": Boolean()}
"""A moment to go to, seconds to go forth by, and whether time then stands still: done in this order."""


def blueprint(clock: ControlledClock) -> Blueprint:
    """Both answer with the time as it then is: ``{"now": "2010-12-20T00:35:22Z", "frozen": false}``."""
    room = Blueprint("clock", __name__)

    def answer() -> Response:
        return json_io.answer({"now": timestamp(clock.now()), "frozen": clock.frozen})

    @room.get("/clock")
    def show() -> Response:
        return answer()

    @room.post("/clock")
    def change() -> Response:
        given = parse_fields(json_io.given(), FIELDS)
        if not given:
            raise Invalid([f"Nothing to do: accepted are {', '.join(FIELDS)}"])
        if "set" in given:
            clock.set(datetime.fromisoformat(given["set"]))
        if "advance" in given:
            _advance(clock, given["advance"])
        if "freeze" in given:
            clock.freeze() if given["freeze"] else clock.thaw()
        return answer()

    return room


def _advance(clock: ControlledClock, seconds: float) -> None:
    try:
        clock.advance(seconds)
    except OverflowError as error:
        raise Invalid([f"advance must lead to a moment between the years 1 and 9999: it is {seconds:g}"]) from error
