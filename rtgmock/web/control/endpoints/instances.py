"""``POST instances/:id/status`` and ``POST instances/:id/redis``: what a test does to one instance."""

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
    from rtgmock.web.control.context import ControlContext

STATUS_FIELDS: Fields = {"status": Choice(tuple(Status))}
REDIS_FIELDS: Fields = {"action": Choice(tuple(RedisAction)), "ms": Integer(1, 3_600_000)}
"""What to do with the Redis; ``ms`` is the length of a pause in milliseconds."""


def blueprint(context: ControlContext) -> Blueprint:
    """Return the endpoints. Both answer with the instance's id and its status afterwards."""
    endpoints, supervisor = Blueprint("instances", __name__), context.supervisor

    @endpoints.post("/instances/<int:instance_id>/status")
    def set_status(instance_id: int) -> Response:
        values = parse_fields(json_io.read_object(), STATUS_FIELDS, required=("status",))
        return _answer(supervisor.set_status(instance_id, Status(values["status"])))

    @endpoints.post("/instances/<int:instance_id>/redis")
    def control_redis(instance_id: int) -> Response:
        values = parse_fields(json_io.read_object(), REDIS_FIELDS, required=("action",))
        action, milliseconds = RedisAction(values["action"]), values.get("ms")
        # A pause has no default length, and ms with another action would be a mistake without effect.
        if (action is RedisAction.PAUSE) != (milliseconds is not None):
            raise Invalid(['ms is how long a pause takes, and only that, as {"action": "pause", "ms": 500}'])
        return _answer(supervisor.perform(instance_id, action, milliseconds or 0))

    return endpoints


def _answer(record: Record) -> Response:
    return json_io.answer({"id": record["id"], "status": record["status"]})
