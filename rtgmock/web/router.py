"""Passes each request to the API that its path belongs to; the tables of endpoints say the rest.

Flask's routes are not used: it compiles each route at each start, and matches each request to one, both of which took
longer than all else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.paths import is_control_path
from rtgmock.web.control import api as control_api
from rtgmock.wire import endpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from rtgmock.web.api import Api
    from rtgmock.web.control.api import ControlApi
    from rtgmock.web.request_context import RequestContext
    from rtgmock.wire.endpoints import Waits


def routing(api: Api, control: ControlApi) -> Callable[[RequestContext], Response]:
    """Return the function that answers each request. It raises RequestError."""

    def serve(context: RequestContext) -> Response:
        return (control if is_control_path(context.request.path) else api).serve(context)

    return serve


def waits(method: str, path: str) -> Waits:
    """Return what a request may wait for. ``path`` is as WSGI has it, decoded."""
    return control_api.waits(method, path) if is_control_path(path) else endpoints.waits(method, path)
