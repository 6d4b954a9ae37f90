"""The one place where an exception becomes a response."""

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

FAULT = "Internal error in rtgmock; its log says more."


def install(app: Flask) -> None:
    """Answer every error of ours, of Flask's and of nobody's in the shapes that ``responses.refusal`` knows."""

    @app.errorhandler(errors.RequestError)
    def ours(error: errors.RequestError) -> Response:
        request_context().hint = error.hint or request_context().hint
        return responses.refusal(error)

    @app.errorhandler(HTTPException)
    def flasks(error: HTTPException) -> Response:
        return ours(_translated(error))

    @app.errorhandler(Exception)
    def nobodys(error: Exception) -> Response:
        logging.getLogger("rtgmock").error("%s %s failed", request.method, printable(request.path), exc_info=error)
        return ours(errors.InternalError(FAULT))


def _translated(error: HTTPException) -> errors.RequestError:
    """What Flask refused, in our own words."""
    if isinstance(error, RoutingMethodNotAllowed):
        # A POST to an instance is accepted only when it stands for another method.
        allowed = set(error.valid_methods or ()) - ({"POST"} if "PUT" in (error.valid_methods or ()) else set())
        return errors.MethodNotAllowed(request.method, printable(request.path), allowed)
    if error.code == errors.NotFound.status:
        return errors.NotFound(_unknown_path())
    if error.code == errors.ContentTooLarge.status:
        return errors.ContentTooLarge(f"The body is larger than {BODY_LIMIT} bytes, which is the most that is read.")
    if error.code is None or error.code >= errors.InternalError.status:
        return errors.InternalError(FAULT)
    return errors.BadRequest(f"The request cannot be read: {error.description}")


def _unknown_path() -> str:
    meant = _control_path() if request.path.startswith("/_") else _endpoint()
    guess = f"Did you mean {meant}?" if meant else "The API is at /instances and /instances/ID."
    return f"There is no {printable(request.path)}. {guess}"


def _endpoint() -> str:
    first = nearest_endpoints(request.method, request.path)[0]
    if not first.likely:
        return ""
    same = first.method == ("GET" if request.method == "HEAD" else request.method)
    return first.path if same else str(first)


def _control_path() -> str | None:
    rules = [rule.rule for rule in current_app.url_map.iter_rules() if rule.rule.startswith(CONTROL_PATH)]
    return nearest(request.path.lower().rstrip("/"), rules)
