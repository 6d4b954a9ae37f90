"""``GET``, ``POST`` and ``DELETE faults``: the rules that make requests fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.errors import NotFound
from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.faults.registry import Fault
    from rtgmock.web.control.context import ControlContext


def show(context: ControlContext) -> Response:
    """List the rules in force, with their counters."""
    return _answer(context.faults.faults())


def add(context: ControlContext) -> Response:
    """Add one rule or a list of them."""
    return _answer(context.faults.add(json_io.read_list()), 201)


def clear(context: ControlContext) -> Response:
    """Remove all rules."""
    context.faults.clear()
    return show(context)


def remove(context: ControlContext, fault_id: int) -> Response:
    """Remove one rule."""
    fault = context.faults.get(fault_id)
    if fault is None:
        raise NotFound(f"There is no fault {fault_id}; GET /_rtgmock/faults lists those that there are.")
    fault.remove()
    return show(context)


def _answer(faults: list[Fault], status: int = 200) -> Response:
    return json_io.answer({"faults": [fault.document() for fault in faults]}, status)


ENDPOINTS = (
    ControlEndpoint("GET", "/faults", show, Waits.LONG),
    ControlEndpoint("POST", "/faults", add, Waits.LONG),
    ControlEndpoint("DELETE", "/faults", clear),
    ControlEndpoint("DELETE", "/faults/{id}", remove, Waits.LONG),
)
