"""The one place where an exception becomes an answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import request
from werkzeug.exceptions import HTTPException

from rtgmock import errors
from rtgmock.paths import BODY_LIMIT
from rtgmock.web import responses
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    Redact = Callable[[str, str], tuple[str, str]]
    """Takes a request's method and path, and returns both as they may be logged."""


def install(app: Flask, redact: Redact) -> None:
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
        method, path = redact(request.method, request.path)
        logging.getLogger("rtgmock").error("%s %s failed", method, path, exc_info=error)
        return answer_request_error(errors.InternalError(errors.INTERNAL_ERROR))


def _request_error(error: HTTPException) -> errors.RequestError:
    """Return our own error for one of Flask's, whose page of HTML no client of the API reads."""
    if error.code == errors.ContentTooLarge.status:
        return errors.ContentTooLarge(BODY_LIMIT)
    if error.code is None or error.code >= errors.InternalError.status:
        return errors.InternalError(errors.INTERNAL_ERROR)
    return errors.BadRequest(f"The request cannot be read: {error.description}")
