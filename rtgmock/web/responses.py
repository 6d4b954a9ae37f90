"""Answers in the format that was asked for, and the one shape of all errors but 422."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from rtgmock.errors import Invalid, RequestError
from rtgmock.web.request_context import request_context
from rtgmock.wire.representation import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtgmock.model.types import Record
    from rtgmock.wire.representation import ViewContext


def instance(
    record: Record, view: ViewContext, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """One instance."""
    form = request_context().answer_format
    body = form.encode_instance(show(record, form.show_payload, view))
    return Response(body, status, headers, content_type=form.content_type)


def instances(records: Iterable[Record], view: ViewContext) -> Response:
    """A list of instances."""
    form = request_context().answer_format
    body = form.encode_list(show(record, form.list_payload, view) for record in records)
    return Response(body, content_type=form.content_type)


def nothing() -> Response:
    """An answer without a body: 200, since ActiveResource 3.0 breaks on a 204."""
    return Response(b"", content_type=request_context().answer_format.content_type)


def refusal(error: RequestError) -> Response:
    """A refused request: a list of messages for a 422, else one sentence of plain text (ours).

    The sentence is no JSON, since a JSON body without a ``label`` ends a pkgcloud process. A 422 has to be, for
    ActiveResource to find the messages, and does end it.
    """
    if isinstance(error, Invalid):
        form = request_context().answer_format
        return Response(form.encode_errors(error.messages), error.status, content_type=form.content_type)
    return Response(f"{error}\n", error.status, error.headers, content_type="text/plain; charset=utf-8")
