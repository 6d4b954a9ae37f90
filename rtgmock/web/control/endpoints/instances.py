"""``POST instances/:id/status`` and ``POST instances/:id/redis``: what a test does to one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.engines.base import RedisAction
from rtgmock.errors import Invalid
from rtgmock.model.lifecycle import Status
from rtgmock.model.types import Choice, Integer
from rtgmock.model.validation import parse_fields
from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.model.types import Record
    from rtgmock.model.validation import Fields
    from rtgmock.web.control.context import ControlContext

STATUS_FIELDS: Fields = {"status": Choice(tuple(Status))}
REDIS_FIELDS: Fields = {"action": Choice(tuple(RedisAction)), "ms": Integer(1, 3_600_000)}
"""What to do with the Redis; ``ms`` is the length of a pause in milliseconds."""


def set_status(context: ControlContext, instance_id: int) -> Response:
    """Give an instance a status, and answer with its id and status."""
    values = parse_fields(json_io.read_object(), STATUS_FIELDS, required=("status",))
    return _answer(context.supervisor.set_status(instance_id, Status(values["status"])))


def control_redis(context: ControlContext, instance_id: int) -> Response:
    """Do something to an instance's Redis, and answer with the instance's id and status."""
    values = parse_fields(json_io.read_object(), REDIS_FIELDS, required=("action",))
    action, milliseconds = RedisAction(values["action"]), values.get("ms")
    # A pause has no default length, and ms with another action would be a mistake without effect.
    if (action is RedisAction.PAUSE) != (milliseconds is not None):
        raise Invalid(['ms is how long a pause takes, and only that, as {"action": "pause", "ms": 500}'])
    return _answer(context.supervisor.perform(instance_id, action, milliseconds or 0))


def _answer(record: Record) -> Response:
    return json_io.answer({"id": record["id"], "status": record["status"]})


ENDPOINTS = (
    ControlEndpoint("POST", "/instances/{id}/status", set_status, Waits.FOR_STORAGE),
    ControlEndpoint("POST", "/instances/{id}/redis", control_redis, Waits.FOR_STORAGE),
)
