"""The one place where an exception becomes an answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as RoutingMethodNotAllowed

from rtgmock import errors
from rtgmock.paths import BODY_LIMIT, CONTROL_PATH
from rtgmock.text import nearest, printable
from rtgmock.web import responses
from rtgmock.web.request_context import request_context
from rtgmock.wire.suggestions import nearest_endpoints

if TYPE_CHECKING:
    from flask import Flask, Response

INTERNAL_ERROR = "Internal error in rtgmock; its log says more."


def install(app: Flask) -> None:
    """Answer every exception: a request's error, one that Flask raises, and any other, which is our own mistake."""

    @app.errorhandler(errors.RequestError)
    def answer_request_error(error: errors.RequestError) -> Response:
        context = request_context()
        context.hint = error.hint or context.hint
        return responses.refusal(context, error)

    @app.errorhandler(HTTPException)
    def answer_flask_error(error: HTTPException) -> Response:
        return answer_request_error(_request_error(error))

    @app.errorhandler(Exception)
    def answer_unexpected_error(error: Exception) -> Response:
        logging.getLogger("rtgmock").error("%s %s failed", request.method, printable(request.path), exc_info=error)
        # Only the log has the traceback: it may quote what a client sent.
        return answer_request_error(errors.InternalError(INTERNAL_ERROR))


def _request_error(error: HTTPException) -> errors.RequestError:
    """Return our own error for one of Flask's, whose page of HTML no client of the API reads."""
    if isinstance(error, RoutingMethodNotAllowed):
        # The route of an instance takes a POST, but only one that names another method in _method.
        allowed = set(error.valid_methods or ()) - ({"POST"} if "PUT" in (error.valid_methods or ()) else set())
        return errors.MethodNotAllowed(request.method, printable(request.path), allowed)
    if error.code == errors.NotFound.status:
        return errors.NotFound(_unknown_path())
    if error.code == errors.ContentTooLarge.status:
        return errors.ContentTooLarge(f"The body is larger than {BODY_LIMIT} bytes, which is the most that is read.")
    if error.code is None or error.code >= errors.InternalError.status:
        return errors.InternalError(INTERNAL_ERROR)
    return errors.BadRequest(f"The request cannot be read: {error.description}")


def _unknown_path() -> str:
    suggestion = _nearest_control_path() if request.path.startswith("/_") else _nearest_endpoint()
    guess = f"Did you mean {suggestion}?" if suggestion else "The API is at /instances and /instances/ID."
    return f"There is no {printable(request.path)}. {guess}"


def _nearest_endpoint() -> str:
    """Return the endpoint that was probably meant, with its method if that differs; empty if none is likely."""
    endpoint = nearest_endpoints(request.method, request.path)[0]
    if not endpoint.likely:
        return ""
    is_same_method = endpoint.method == ("GET" if request.method == "HEAD" else request.method)
    return endpoint.path if is_same_method else str(endpoint)


def _nearest_control_path() -> str | None:
    # From Flask's own map, so that a new control endpoint is suggested without being listed here.
    rules = [rule.rule for rule in current_app.url_map.iter_rules() if rule.rule.startswith(CONTROL_PATH)]
    return nearest(request.path.lower().rstrip("/"), rules)
