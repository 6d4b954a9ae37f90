"""Applications that do nothing but answer with as many bytes as the others: the floors under rtgmock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response

from tests.bench.servers import BODY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

_BODY = BODY.encode()


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as a WSGI application without any framework."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(_BODY)))])
    return [_BODY]


def plain_flask() -> Flask:
    """Return a Flask application with one route."""
    app = Flask("hello", static_folder=None)

    @app.get("/instances/<name>")
    def show(name: str) -> Response:
        return Response(_BODY, content_type="application/json")

    return app
