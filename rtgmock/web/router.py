"""Passes each request to the API that its path belongs to; the tables of endpoints say the rest.

Flask has a single route, for any path and any method: it compiles each route at each start, which took most of a start
when every endpoint was one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from werkzeug.routing import BaseConverter, Rule

from rtgmock.paths import is_control_path
from rtgmock.web.control import api as control_api
from rtgmock.wire import endpoints

if TYPE_CHECKING:
    from flask import Flask, Response

    from rtgmock.web.api import Api
    from rtgmock.web.control.api import ControlApi
    from rtgmock.wire.endpoints import Waits


class _AnyPath(BaseConverter):
    """Matches the whole path, with slashes and line ends."""

    regex = r"(?s:.*)"
    part_isolating = False


def install(app: Flask, api: Api, control: ControlApi) -> None:
    """Route all requests."""
    app.url_map.converters["any_path"] = _AnyPath
    app.url_map.add(Rule("/<any_path:path>", endpoint="any"))

    @app.endpoint("any")
    def serve(path: str) -> Response:  # noqa: ARG001 - request.path is the same
        return control.serve() if is_control_path(request.path) else api.serve()


def waits(method: str, path: str) -> Waits:
    """Return what a request may wait for. ``path`` is as WSGI has it, decoded."""
    return control_api.waits(method, path) if is_control_path(path) else endpoints.waits(method, path)
