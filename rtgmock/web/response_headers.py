"""What every answer says about its request: the reason phrase, and the ``X-Rtgmock-`` headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.errors import reason
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from flask import Flask, Response


def install(app: Flask) -> None:
    """Add what the request's context says: what was ignored, what a mistake probably was, which fault was applied."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        context = request_context()
        # Werkzeug takes Python's phrases; Rails had different ones for 413 and 422.
        response.status = f"{response.status_code} {reason(response.status_code)}"
        if context.ignored:
            response.headers["X-Rtgmock-Ignored"] = ", ".join(context.ignored)
        if hint := context.hint_for(response.status_code):
            response.headers["X-Rtgmock-Hint"] = hint
        if context.fault_id:
            response.headers["X-Rtgmock-Fault"] = context.fault_id
        return response
