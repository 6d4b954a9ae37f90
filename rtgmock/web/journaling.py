"""Records each request to the emulated API in the journal, with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException

from rtgmock.journal.exchange import EMPTY, Body, Exchange, WsgiHeaders
from rtgmock.paths import is_control_path

if TYPE_CHECKING:
    from flask import Request, Response

    from rtgmock.journal.journal import Journal
    from rtgmock.web.request_context import After, RequestContext


def recorder(journal: Journal) -> After:
    """Return the step that records each answer as it goes out. It must come after all that change answers."""

    def record(context: RequestContext, response: Response) -> None:
        if not is_control_path(context.request.path):
            journal.add(_exchange(context, response))

    return record


def _exchange(context: RequestContext, response: Response) -> Exchange:
    request, status = context.request, response.status_code
    is_head = request.method == "HEAD"  # its answer has a body here, which the server doesn't send
    return Exchange(
        request.method,
        request.path,
        status,
        context.ended,
        context.ms,
        query=request.query_string.decode("latin-1"),
        headers=WsgiHeaders(request.environ),
        body=_body(request),
        answer_headers=tuple(response.headers),
        answer=EMPTY if is_head else Body.of(_answer(response)),
        account=context.account,
        ignored=tuple(context.ignored),
        hint=context.hint,
        fault=context.fault_id,
    )


def _answer(response: Response) -> bytes:
    parts = response.response
    # The body as it was given to the response, without the copy that get_data makes.
    return parts[0] if isinstance(parts, list) and len(parts) == 1 else response.get_data()


def _body(request: Request) -> Body:
    environ = request.environ
    if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
        return EMPTY  # as werkzeug finds, too, but more slowly
    try:
        return Body.of(request.get_data())
    except HTTPException:  # the body is too large, or breaks off
        return EMPTY
