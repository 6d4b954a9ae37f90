"""``GET``, ``POST`` and ``DELETE faults``: the rules by which requests go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.errors import NotFound
from rtgmock.web.control import json_io

if TYPE_CHECKING:
    from rtgmock.faults.registry import Fault, FaultRegistry


def blueprint(registry: FaultRegistry) -> Blueprint:
    """List the rules in force with their counters, add some, remove one or all."""
    room = Blueprint("faults", __name__)

    @room.get("/faults")
    def listed() -> Response:
        return _answer(registry.faults())

    @room.post("/faults")
    def add() -> Response:
        return _answer(registry.add(json_io.given_many()), 201)

    @room.delete("/faults")
    def clear() -> Response:
        registry.clear()
        return _answer(registry.faults())

    @room.delete("/faults/<int:fault_id>")
    def remove(fault_id: int) -> Response:
        fault = registry.get(fault_id)
        if fault is None:
            raise NotFound(f"There is no fault {fault_id}; GET /_rtgmock/faults lists those that there are.")
        fault.remove()
        return _answer(registry.faults())

    return room


def _answer(faults: list[Fault], status: int = 200) -> Response:
    return json_io.answer({"faults": [fault.document() for fault in faults]}, status)
