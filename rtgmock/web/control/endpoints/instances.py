"""``POST instances/:id/status`` and ``POST instances/:id/redis``: what happens to one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from rtgmock.engines.base import RedisAction
from rtgmock.errors import Invalid
from rtgmock.model.lifecycle import Status
from rtgmock.model.types import Choice, Integer
from rtgmock.model.validation import parse_fields
from rtgmock.web.control import json_io

if TYPE_CHECKING:
    from rtgmock.model.types import Record
    from rtgmock.model.validation import Fields
    from rtgmock.service.supervisor import Supervisor

STATUS_FIELDS: Fields = {"status": Choice(tuple(Status))}
REDIS_FIELDS: Fields = {"action": Choice(tuple(RedisAction)), "ms": Integer(1, 3_600_000)}
"""What to do, and for a pause its length in milliseconds."""


def blueprint(supervisor: Supervisor) -> Blueprint:
    """Both answer with the instance's id and status, as it then is."""
    room = Blueprint("instances", __name__)

    def answer(record: Record) -> Response:
        return json_io.answer({"id": record["id"], "status": record["status"]})

    @room.post("/instances/<int:instance_id>/status")
    def set_status(instance_id: int) -> Response:
        given = parse_fields(json_io.given(), STATUS_FIELDS, required=("status",))
        return answer(supervisor.set_status(instance_id, Status(given["status"])))

    @room.post("/instances/<int:instance_id>/redis")
    def trouble(instance_id: int) -> Response:
        given = parse_fields(json_io.given(), REDIS_FIELDS, required=("action",))
        action, milliseconds = RedisAction(given["action"]), given.get("ms")
        if (action is RedisAction.PAUSE) != (milliseconds is not None):
            raise Invalid(['ms is how long a pause takes, and only that, as {"action": "pause", "ms": 500}'])
        return answer(supervisor.trouble(instance_id, action, milliseconds or 0))

    return room
