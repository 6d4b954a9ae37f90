"""``GET``, ``POST`` and ``DELETE faults``: the rules that make requests fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.errors import NotFound
from rtgmock.web.control import json_io

if TYPE_CHECKING:
    from rtgmock.faults.registry import Fault
    from rtgmock.web.control.context import ControlContext


def blueprint(context: ControlContext) -> Blueprint:
    """Return the endpoints: list the rules in force with their counters, add some, remove one or all."""
    endpoints, registry = Blueprint("faults", __name__), context.faults

    @endpoints.get("/faults")
    def show() -> Response:
        return _answer(registry.faults())

    @endpoints.post("/faults")
    def add() -> Response:
        return _answer(registry.add(json_io.read_list()), 201)

    @endpoints.delete("/faults")
    def clear() -> Response:
        registry.clear()
        return _answer(registry.faults())

    @endpoints.delete("/faults/<int:fault_id>")
    def remove(fault_id: int) -> Response:
        fault = registry.get(fault_id)
        if fault is None:
            raise NotFound(f"There is no fault {fault_id}; GET /_rtgmock/faults lists those that there are.")
        fault.remove()
        return _answer(registry.faults())

    return endpoints


def _answer(faults: list[Fault], status: int = 200) -> Response:
    return json_io.answer({"faults": [fault.document() for fault in faults]}, status)
