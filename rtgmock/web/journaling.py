"""Puts every request to the emulated API into the journal, with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from werkzeug.exceptions import HTTPException

from rtgmock.journal.exchange import Body, Exchange
from rtgmock.paths import CONTROL_PATH
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from flask import Flask, Response

    from rtgmock.clock import Clock
    from rtgmock.journal.journal import Journal


def install(app: Flask, clock: Clock, journal: Journal) -> None:
    """Record what the API answers, as it is answered: installed before all else that changes answers."""

    @app.after_request
    def record(response: Response) -> Response:
        if is_recorded(request.path):
            journal.add(_exchange(response, clock))
        return response


def is_recorded(path: str) -> bool:
    """Whether a path is one of the emulated API, or of nothing: not the control API's."""
    return path != CONTROL_PATH and not path.startswith(f"{CONTROL_PATH}/")


def _exchange(response: Response, clock: Clock) -> Exchange:
    context = request_context()
    bodiless = response.is_streamed or request.method == "HEAD"
    return Exchange(
        method=request.method,
        path=request.path,
        query=request.query_string.decode("latin-1"),
        headers=tuple(request.headers),
        body=Body.of(_came()),
        status=response.status_code,
        answer_headers=tuple(response.headers),
        answer=Body.of(b"" if bodiless else response.get_data()),
        moment=clock.now(),
        ms=round((clock.ticks() - context.started) * 1000, 3),
        account=context.account,
        ignored=tuple(context.ignored),
        hint=context.hint if response.status_code >= 400 else "",  # noqa: PLR2004 - what worked needs no hint
        fault=context.fault_id,
    )


def _came() -> bytes:
    try:
        return request.get_data()
    except HTTPException:  # it is too large, or breaks off
        return b""
