"""``POST reset`` and ``GET``, ``PUT state``: all of the state at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.web.control import json_io

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.service.supervisor import Supervisor


def blueprint(supervisor: Supervisor, reset: Callable[[], None]) -> Blueprint:
    """Both answer with the whole state, as it then is."""
    room = Blueprint("states", __name__)

    @room.post("/reset")
    def begin_anew() -> Response:
        reset()
        return json_io.answer(supervisor.document())

    @room.get("/state")
    def show() -> Response:
        return json_io.answer(supervisor.document())

    @room.put("/state")
    def replace() -> Response:
        supervisor.load(json_io.given())
        return json_io.answer(supervisor.document())

    return room
