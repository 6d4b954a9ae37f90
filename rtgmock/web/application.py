"""The Flask application without what this API does not use: sessions, routes, hooks, signals and coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.sessions import NullSession, SessionInterface

from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Request

    from rtgmock.web.request_context import Steps


class _NoSessions(SessionInterface):
    """Gives every request the same empty session, in which nothing can be stored."""

    def __init__(self) -> None:
        self._session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - Flask's interface
        """Return the empty session."""
        return self._session


class Application(Flask):
    """A Flask application without routes and hooks: every request goes the way of ``steps``.

    Flask would look at the host for subdomains, match the path, look for hooks in every blueprint, announce each stage
    by a signal, and ask each function whether it is a coroutine. What is overridden here is what Flask documents for
    it. Without all that, a plain answer is more than a third quicker.
    """

    session_interface = _NoSessions()

    def __init__(self, name: str, steps: Steps) -> None:
        super().__init__(name, static_folder=None, template_folder=None)
        self._steps = steps

    def full_dispatch_request(self) -> Response:
        """Return the answer to the current request, also if that fails."""
        context = self._steps.begin()
        try:
            response = self._steps.answer(context)
        except Exception as error:  # noqa: BLE001 - any error has a handler, which answers
            response = self.make_response(self.handle_user_exception(error))
        return self._steps.finish(context, response)

    def process_response(self, response: Response) -> Response:
        """Return the response as it is sent. Flask calls it, too, when a step after the request has failed."""
        return self._steps.finish(request_context(), response)

    def create_url_adapter(self, request: Request | None) -> None:
        """Return nothing that could match a request's path to a route."""

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Do nothing: no function is registered for the end of a request."""

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Do nothing, likewise."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is, since none here is a coroutine."""
        return func
