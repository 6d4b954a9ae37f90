"""JSON in and out of the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flask import Response, request

from rtgmock.web.request_context import request_context
from rtgmock.wire.json import JSON, load

if TYPE_CHECKING:
    from rtgmock.wire.format import Tree


def given() -> Tree:
    """The request's body, which is a JSON object; an empty one gives nothing. Raises BadRequest."""
    request_context().answer_format = JSON  # of a 422 as well, whatever Accept says
    return JSON.decode(request.get_data(), "utf-8")


def given_many() -> list[object]:
    """The request's body, which is a list, or one thing that stands for a list of it. Raises BadRequest."""
    request_context().answer_format = JSON
    document: object = load(request.get_data(), "utf-8")
    return document if isinstance(document, list) else [document]


def answer(document: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE), status, content_type=JSON.content_type)
