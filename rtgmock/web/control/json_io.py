"""JSON bodies and answers of the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flask import request

from rtgmock.web.request_context import request_context
from rtgmock.web.responses import Response
from rtgmock.wire.json import JSON, load

if TYPE_CHECKING:
    from rtgmock.wire.format import Tree


def read_object() -> Tree:
    """Return the request's body, a JSON object; an empty body is an empty one. Raises BadRequest."""
    request_context().answer_format = JSON  # for a 422 as well: Accept is for the emulated API alone
    return JSON.decode(request.get_data(), "utf-8")


def read_list() -> list[object]:
    """Return the request's body, a JSON list; any other value becomes a list of one. Raises BadRequest."""
    request_context().answer_format = JSON
    document: object = load(request.get_data(), "utf-8")
    return document if isinstance(document, list) else [document]


def answer(document: object, status: int = 200) -> Response:
    """Return a JSON answer. It ends with a newline, for terminals."""
    return Response(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE), status, content_type=JSON.content_type)
