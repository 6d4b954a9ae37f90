"""Records each request to the emulated API in the journal, with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException

from rtgmock.journal.exchange import MAX_BODY_BYTES, OVERHEAD_BYTES, header_variables
from rtgmock.paths import is_control_path

if TYPE_CHECKING:
    from flask import Request, Response

    from rtgmock.journal.journal import Journal
    from rtgmock.web.request_context import After, RequestContext


def recorder(journal: Journal) -> After:
    """Return the step that records each answer as it goes out. It must come after all that change answers."""

    def record(context: RequestContext, response: Response) -> None:
        request = context.request
        method, path = request.method, request.path
        if is_control_path(path):
            return
        headers, size = header_variables(request.environ)
        whole_body = _body(request)
        whole_answer = b"" if method == "HEAD" else _answer(response)  # a HEAD's has a body here, which isn't sent
        body, answer, query = whole_body[:MAX_BODY_BYTES], whole_answer[:MAX_BODY_BYTES], request.query_string
        recorded = (
            method, path, response.status_code, context.ended, context.ms, query, headers, body, len(whole_body),
            tuple(response.headers), answer, len(whole_answer),
            context.account, tuple(context.ignored), context.hint, context.fault_id,
        )  # fmt: skip
        journal.record(recorded, OVERHEAD_BYTES + len(path) + len(query) + size + len(body) + len(answer))

    return record


def _answer(response: Response) -> bytes:
    parts = response.response
    # The body as it was given to the response, without the copy that get_data makes.
    return parts[0] if isinstance(parts, list) and len(parts) == 1 else response.get_data()


def _body(request: Request) -> bytes:
    environ = request.environ
    if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""  # as werkzeug finds, too, but more slowly
    try:
        return request.get_data()
    except HTTPException:  # the body is too large, or breaks off
        return b""
