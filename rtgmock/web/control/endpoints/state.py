"""``POST reset``, ``GET state`` and ``PUT state``: the whole state at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.model.types import Text
from rtgmock.model.validation import parse_fields
from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.model.validation import Fields
    from rtgmock.web.control.context import ControlContext

RESET_FIELDS: Fields = {"account": Text()}
"""The account to reset alone."""


def show(context: ControlContext) -> Response:
    """Answer with the whole state."""
    return json_io.answer(context.maintenance.document())


def replace(context: ControlContext) -> Response:
    """Replace the whole state, and answer with it."""
    context.maintenance.load(json_io.read_object())
    return show(context)


def reset(context: ControlContext) -> Response:
    """Return to the empty state, or to the fixture, and answer with the state; or one account alone, likewise."""
    document = json_io.read_object()
    # A null is refused: a program that lacks the name must not reset everything.
    values = parse_fields(document, RESET_FIELDS, required=tuple(RESET_FIELDS.keys() & document.keys()))
    account = values.get("account")
    if account is None:
        context.reset()
    else:
        context.reset_account(account)
    return json_io.answer(context.maintenance.document(account))


ENDPOINTS = (
    ControlEndpoint("GET", "/state", show, Waits.LONG),
    ControlEndpoint("PUT", "/state", replace, Waits.LONG),
    ControlEndpoint("POST", "/reset", reset, Waits.LONG),
)
