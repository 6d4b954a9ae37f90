"""What every answer says about its request: the reason phrase, and the ``X-Rtgmock-`` headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.errors import reason

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.web.request_context import RequestContext


def add_headers(context: RequestContext, response: Response) -> None:
    """Add what the request's context says: what was ignored, what a mistake probably was, which fault was applied."""
    status = response.status_code
    # Werkzeug writes Python's phrases in capitals, and Rails had different ones for two of the errors.
    if status != 200:  # noqa: PLR2004 - "200 OK" is right as it is
        response.status = f"{status} {reason(status)}"
    if context.ignored:
        response.headers["X-Rtgmock-Ignored"] = ", ".join(context.ignored)
    if context.hint:
        response.headers["X-Rtgmock-Hint"] = context.hint
    if context.fault_id:
        response.headers["X-Rtgmock-Fault"] = context.fault_id
