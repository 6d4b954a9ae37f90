"""Lets requests of the emulated API go wrong, by the rules in force; never those of the control API."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, cast

from flask import Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from rtgmock.errors import RequestError
from rtgmock.faults.connection import KEY
from rtgmock.faults.rule import Seen
from rtgmock.paths import CONTROL_PATH
from rtgmock.text import printable
from rtgmock.web.negotiation import negotiate
from rtgmock.web.parameters import overridden_method
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from flask import Flask

    from rtgmock.faults.connection import Connection
    from rtgmock.faults.registry import AppliedFault, FaultRegistry

_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE"}


def install(app: Flask, registry: FaultRegistry) -> None:
    """Ask the registry about every request before anything is done with it, the guard's check excepted."""

    @app.before_request
    def begin() -> None:
        if not len(registry) or f"{request.path}/".startswith(f"{CONTROL_PATH}/"):
            return
        method = _method()
        request_context().fail_upgrade = partial(_fail_upgrade, registry, Seen(method, request.path, upgrade=True))
        if strike := registry.strike(Seen(method, request.path)):
            _take(strike)
            with contextlib.suppress(RequestError):  # then in JSON
                negotiate(_extension())
            strike.begin(_Exchange(method))

    @app.after_request
    def finish(response: Response) -> Response:
        if strike := _taken():
            strike.finish(_Exchange(request.method, response))
        return response


def _take(strike: AppliedFault) -> None:
    g.rtgmock_strike = strike
    request_context().fault_id = str(strike.fault_id)


def _taken() -> AppliedFault | None:
    return cast("AppliedFault | None", g.get("rtgmock_strike"))


def _fail_upgrade(registry: FaultRegistry, seen: Seen) -> bool:
    """Whether an upgrade shall find its server full."""
    strike = registry.strike(seen, taken=_taken() is not None)
    if strike:
        _take(strike)
    return strike is not None


def _method() -> str:
    """The method that a request stands for, or has, where its body cannot be read."""
    with contextlib.suppress(RequestError, HTTPException):
        return overridden_method()
    return request.method


def _extension() -> str | None:
    _, dot, extension = request.path.rstrip("/").rpartition("/")[2].partition(".")
    return extension if dot else None


class _Exchange:
    """The request at hand and, once there is one, its answer."""

    def __init__(self, method: str, response: Response | None = None) -> None:
        self.method = printable(method)
        self.path = printable(request.path)
        self._response = response or Response()

    @property
    def allowed(self) -> set[str]:
        methods = request.url_rule.methods if request.url_rule else None
        if isinstance(request.routing_exception, MethodNotAllowed):
            methods = set(request.routing_exception.valid_methods or ())
        methods = set(methods or _METHODS)
        # A POST to an instance is accepted only when it stands for another method.
        return methods - {self.method} - ({"POST"} if "PUT" in methods else set())

    @property
    def length(self) -> int:
        return len(self._response.get_data())

    @property
    def connection(self) -> Connection:
        return cast("Connection", request.environ[KEY])

    def relabel(self, content_type: str) -> None:
        self._response.content_type = content_type
