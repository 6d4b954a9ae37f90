"""Responses in the negotiated format, and the two shapes of all errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask

from rtgmock.errors import Invalid, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from rtgmock.web.request_context import RequestContext


_WITHOUT_BODY = {204, 304}


class Response(flask.Response):
    """A response whose body is bytes, as that of every answer of rtgmock."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it as it is.

        Werkzeug would copy the headers and look for what is missing in them, which can only be so without a body.
        """
        parts = self.response
        if not isinstance(parts, list) or environ["REQUEST_METHOD"] == "HEAD" or self.status_code in _WITHOUT_BODY:
            return super().__call__(environ, start_response)
        start_response(self.status, list(self.headers))
        return parts


def document(
    context: RequestContext, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response with a body in the negotiated format."""
    return Response(body, status, headers, content_type=context.answer_format.content_type)


def empty(context: RequestContext) -> Response:
    """Return a response without a body."""
    # 200, since ActiveResource 3.0 breaks on a 204 (observed).
    return document(context, b"")


def refusal(context: RequestContext, error: RequestError) -> Response:
    """Return the response to a refused request: a list of messages for a 422, else a sentence of plain text (ours)."""
    # A JSON body without a ``label`` ends a pkgcloud process (observed), hence the plain text. A 422 ends it all the
    # same: ActiveResource finds the messages in JSON or XML only.
    if isinstance(error, Invalid):
        return document(context, context.answer_format.encode_errors(error.messages), error.status)
    return Response(f"{error}\n", error.status, error.headers, content_type="text/plain; charset=utf-8")
