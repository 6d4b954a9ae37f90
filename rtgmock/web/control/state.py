"""``POST reset`` and ``GET``, ``PUT state``: all of the state at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.web.control import json_io as documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.service.supervisor import Upkeep


def blueprint(upkeep: Upkeep, reset: Callable[[], None]) -> Blueprint:
    """Both answer with the whole state, as it then is."""
    room = Blueprint("states", __name__)

    @room.post("/reset")
    def begin_anew() -> Response:
        reset()
        return documents.answer(upkeep.document())

    @room.get("/state")
    def show() -> Response:
        return documents.answer(upkeep.document())

    @room.put("/state")
    def replace() -> Response:
        upkeep.load(documents.given())
        return documents.answer(upkeep.document())

    return room
