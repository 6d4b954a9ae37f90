"""``POST reset``, ``GET state`` and ``PUT state``: the whole state at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.web.control import json_io

if TYPE_CHECKING:
    from rtgmock.web.control.context import ControlContext


def blueprint(context: ControlContext) -> Blueprint:
    """Return the endpoints. Each answers with the whole state afterwards."""
    endpoints, maintenance = Blueprint("state", __name__), context.maintenance

    @endpoints.get("/state")
    def show() -> Response:
        return json_io.answer(maintenance.document())

    @endpoints.put("/state")
    def replace() -> Response:
        maintenance.load(json_io.read_object())
        return show()

    @endpoints.post("/reset")
    def reset() -> Response:
        context.reset()
        return show()

    return endpoints
