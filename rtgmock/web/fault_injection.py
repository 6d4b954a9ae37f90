"""Applies the faults in force to requests of the emulated API; the control API is exempt."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, cast

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from rtgmock.errors import RequestError
from rtgmock.faults.connection import KEY
from rtgmock.faults.rule import Trigger
from rtgmock.paths import is_control_path
from rtgmock.text import printable
from rtgmock.web.negotiation import negotiate
from rtgmock.web.parameters import overridden_method
from rtgmock.web.request_context import request_context
from rtgmock.wire.endpoints import MEMBER, accepted_methods, path_template

if TYPE_CHECKING:
    from flask import Flask

    from rtgmock.faults.connection import Connection
    from rtgmock.faults.registry import AppliedFault, FaultRegistry


def install(app: Flask, registry: FaultRegistry) -> None:
    """Apply faults to every request before anything else is done with it, except for the guard's check."""

    @app.before_request
    def on_request() -> None:
        if not len(registry) or is_control_path(request.path):
            return
        # Before access is checked: a failing service or proxy would not check it either.
        method = _effective_method()
        upgrade = Trigger(method, request.path, upgrade=True)
        request_context().fail_upgrade = partial(_fails_upgrade, registry, upgrade)
        if fault := registry.apply(Trigger(method, request.path)):
            _set_applied_fault(fault)
            # An injected 422 is in the format of the response; in JSON, when the client accepts no known format.
            with contextlib.suppress(RequestError):
                negotiate(_extension())
            fault.on_request(_Exchange(method))

    @app.after_request
    def on_response(response: Response) -> Response:
        if fault := _applied_fault():
            fault.on_response(_Exchange(request.method, response))
        return response


def _set_applied_fault(fault: AppliedFault) -> None:
    g.rtgmock_fault = fault
    request_context().fault_id = str(fault.fault_id)


def _applied_fault() -> AppliedFault | None:
    return cast("AppliedFault | None", g.get("rtgmock_fault"))


def _fails_upgrade(registry: FaultRegistry, upgrade: Trigger) -> bool:
    """Return whether an upgrade, which there is room for, must fail."""
    fault = registry.apply(upgrade, only_count=_applied_fault() is not None)
    if fault:
        _set_applied_fault(fault)
    return fault is not None


def _effective_method() -> str:
    """Return the request's method after an override, or without it when the body cannot be decoded."""
    with contextlib.suppress(RequestError, HTTPException):
        return overridden_method()
    return request.method


def _extension() -> str | None:
    _, dot, extension = request.path.rstrip("/").rpartition("/")[2].partition(".")
    return extension if dot else None


class _Exchange:
    """The current request and its response, once there is one."""

    def __init__(self, method: str, response: Response | None = None) -> None:
        self.method = printable(method)
        self.path = printable(request.path)
        self._response = response or Response()

    @property
    def allowed(self) -> set[str]:
        # A path that the API does not have is answered as if it were an instance's: an injected 405 needs an Allow.
        return set(accepted_methods(path_template(request.path) or MEMBER)) - {self.method}

    @property
    def length(self) -> int:
        return len(self._response.get_data())

    @property
    def connection(self) -> Connection:
        return cast("Connection", request.environ[KEY])

    def set_content_type(self, content_type: str) -> None:
        self._response.content_type = content_type
