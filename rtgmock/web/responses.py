"""Responses in the negotiated format, and the two shapes of all errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from rtgmock.errors import Invalid, RequestError
from rtgmock.web.request_context import request_context
from rtgmock.wire.representation import represent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtgmock.model.types import Record
    from rtgmock.wire.representation import ViewContext


def instance(
    record: Record, view: ViewContext, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response with one instance."""
    answer_format = request_context().answer_format
    body = answer_format.encode_instance(represent(record, answer_format.show_payload, view))
    return Response(body, status, headers, content_type=answer_format.content_type)


def instances(records: Iterable[Record], view: ViewContext) -> Response:
    """Return the response with a list of instances."""
    answer_format = request_context().answer_format
    body = answer_format.encode_list(represent(record, answer_format.list_payload, view) for record in records)
    return Response(body, content_type=answer_format.content_type)


def empty() -> Response:
    """Return a response without a body."""
    # 200, since ActiveResource 3.0 breaks on a 204 (observed).
    return Response(b"", content_type=request_context().answer_format.content_type)


def refusal(error: RequestError) -> Response:
    """Return the response to a refused request: a list of messages for a 422, else a sentence of plain text (ours)."""
    # A JSON body without a ``label`` ends a pkgcloud process (observed), hence the plain text. A 422 ends it all the
    # same: ActiveResource finds the messages in JSON or XML only.
    if isinstance(error, Invalid):
        answer_format = request_context().answer_format
        body = answer_format.encode_errors(error.messages)
        return Response(body, error.status, content_type=answer_format.content_type)
    return Response(f"{error}\n", error.status, error.headers, content_type="text/plain; charset=utf-8")
