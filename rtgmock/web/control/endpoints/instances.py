"""``GET instances``, with their URLs; ``POST instances/:id/status`` and ``POST instances/:id/redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.engines.base import RedisAction
from rtgmock.errors import AccessDenied, Invalid
from rtgmock.model.lifecycle import Status
from rtgmock.model.types import Choice, Integer
from rtgmock.model.validation import parse_fields
from rtgmock.web.auth import account_of
from rtgmock.web.control import json_io
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.web.request_context import request_context
from rtgmock.web.view_context import view_context
from rtgmock.wire.endpoints import Waits
from rtgmock.wire.json import JSON
from rtgmock.wire.representation import represent

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.model.types import Record, Value
    from rtgmock.model.validation import Fields
    from rtgmock.web.control.context import ControlContext

STATUS_FIELDS: Fields = {"status": Choice(tuple(Status))}
REDIS_FIELDS: Fields = {"action": Choice(tuple(RedisAction)), "ms": Integer(1, 3_600_000)}
"""What to do with the Redis; ``ms`` is the length of a pause in milliseconds."""


def show(context: ControlContext) -> Response:
    """List all accounts' instances, each with its status, its server and its URL for this client.

    Credentials are not needed on this machine, but a client that sends some learns from a 401 that they are wrong.
    """
    environ = request_context().request.environ
    if "HTTP_AUTHORIZATION" in environ and not account_of(environ, context.config.accounts):
        raise AccessDenied
    return json_io.answer({"instances": [_row(context, *pair) for pair in context.supervisor.observed()]})


def _row(context: ControlContext, record: Record, account: str) -> dict[str, Value]:
    view = view_context(context.config, context.provisioner, account, request_context().host, [record])
    shown = {attribute.name: value for attribute, value in represent(record, JSON.show_payload, view)}
    # The state may be replaced meanwhile, and its servers with it.
    server = context.provisioner.server_names([record]).get(record["server_id"], "")
    return {name: shown[name] for name in ("id", "label", "plan", "status", "url")} | {
        "account": account,
        "server": server,
    }


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
    ControlEndpoint("GET", "/instances", show, Waits.LONG),
    ControlEndpoint("POST", "/instances/{id}/status", set_status, Waits.FOR_STORAGE),
    ControlEndpoint("POST", "/instances/{id}/redis", control_redis, Waits.FOR_STORAGE),
)
