"""``GET health`` and ``GET openapi.json``: what runs here, and the description of its API. Both are for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flask import request

from rtgmock.version import __version__
from rtgmock.web.control.endpoint import ControlEndpoint
from rtgmock.web.responses import Response
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from rtgmock.web.control.context import ControlContext


def show_health(context: ControlContext) -> Response:
    """Answer 200 with version, engine and uptime in seconds; 503 while the emulator stops."""
    health = context.health
    body = {
        "status": "stopping" if health.stopping else "ok",
        "version": __version__,
        "engine": health.engine,
        # By ticks: the time of day may have been set by a test.
        "uptime": round(context.clock.ticks() - health.started, 3),
    }
    return Response(orjson.dumps(body), 503 if health.stopping else 200, content_type="application/json")


def show_openapi(context: ControlContext) -> Response:
    """Answer with the OpenAPI document, whose server is the address that the client used."""
    from rtgmock.openapi.document import document  # noqa: PLC0415 - serving the API itself does not need it

    body = document(context.config.api, request.host_url.rstrip("/"))
    return Response(orjson.dumps(body), content_type="application/json")


# Load balancers, container health checks and generators of clients have no credentials.
ENDPOINTS = (
    ControlEndpoint("GET", "/health", show_health, is_public=True),
    ControlEndpoint("GET", "/openapi.json", show_openapi, Waits.LONG, is_public=True),
)
