"""``POST reset``, ``GET state`` and ``PUT state``: the whole state at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.web.control.context import ControlContext


def show(context: ControlContext) -> Response:
    """Answer with the whole state."""
    return json_io.answer(context.maintenance.document())


def replace(context: ControlContext) -> Response:
    """Replace the whole state, and answer with it."""
    context.maintenance.load(json_io.read_object())
    return show(context)


def reset(context: ControlContext) -> Response:
    """Return to the empty state, or to the fixture, and answer with the state."""
    context.reset()
    return show(context)


ENDPOINTS = (
    ControlEndpoint("GET", "/state", show, Waits.LONG),
    ControlEndpoint("PUT", "/state", replace, Waits.LONG),
    ControlEndpoint("POST", "/reset", reset, Waits.LONG),
)
