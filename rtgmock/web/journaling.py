"""Records each request to the emulated API in the journal, with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from werkzeug.exceptions import HTTPException

from rtgmock.journal.exchange import Body, Exchange
from rtgmock.paths import is_control_path
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from flask import Flask, Response

    from rtgmock.clock import Clock
    from rtgmock.journal.journal import Journal


def install(app: Flask, clock: Clock, journal: Journal) -> None:
    """Record each answer as it goes out. Must be installed before all that changes answers."""

    @app.after_request
    def record(response: Response) -> Response:
        if not is_control_path(request.path):
            journal.add(_exchange(response, clock))
        return response


def _exchange(response: Response, clock: Clock) -> Exchange:
    context = request_context()
    is_head = request.method == "HEAD"  # its answer has a body here, which the server doesn't send
    return Exchange(
        method=request.method,
        path=request.path,
        query=request.query_string.decode("latin-1"),
        headers=tuple(request.headers),
        body=Body.of(_request_body()),
        status=response.status_code,
        answer_headers=tuple(response.headers),
        answer=Body.of(b"" if is_head else response.get_data()),
        moment=clock.now(),
        ms=round((clock.ticks() - context.started) * 1000, 3),
        account=context.account,
        ignored=tuple(context.ignored),
        hint=context.hint_for(response.status_code),
        fault=context.fault_id,
    )


def _request_body() -> bytes:
    try:
        return request.get_data()
    except HTTPException:  # the body is too large, or breaks off
        return b""
