"""Applies the faults in force to requests of the emulated API; the control API is exempt."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, cast

from werkzeug.exceptions import HTTPException

from rtgmock.errors import RequestError
from rtgmock.faults.connection import KEY
from rtgmock.faults.rule import Trigger
from rtgmock.paths import is_control_path
from rtgmock.text import printable
from rtgmock.web.negotiation import negotiate
from rtgmock.web.parameters import overridden_method
from rtgmock.web.responses import Response
from rtgmock.wire.endpoints import MEMBER, accepted_methods, path_template

if TYPE_CHECKING:
    import flask
    from flask import Request

    from rtgmock.faults.connection import Connection
    from rtgmock.faults.registry import FaultRegistry
    from rtgmock.web.request_context import Before, RequestContext


def before_request(registry: FaultRegistry) -> Before:
    """Return the step that applies faults to a request before anything else is done with it, but the guard's check."""

    def on_request(context: RequestContext) -> None:
        if not len(registry) or is_control_path(context.request.path):
            return
        # Before access is checked: a failing service or proxy would not check it either.
        path, method = context.request.path, _effective_method(context)
        trigger = Trigger(method, path, context.account)
        context.fail_upgrade = partial(_fails_upgrade, context, registry, trigger._replace(upgrade=True))
        if fault := registry.apply(trigger):
            context.apply(fault)
            # An injected 422 is in the format of the response; in JSON, when the client accepts no known format.
            with contextlib.suppress(RequestError):
                negotiate(context, _extension(path))
            fault.on_request(_Exchange(context.request, method))

    return on_request


def after_request(context: RequestContext, response: flask.Response) -> None:
    """Apply the request's fault to its response."""
    if context.fault:
        context.fault.on_response(_Exchange(context.request, context.request.method, response))


def _fails_upgrade(context: RequestContext, registry: FaultRegistry, upgrade: Trigger) -> bool:
    """Return whether an upgrade, which there is room for, must fail."""
    fault = registry.apply(upgrade, only_count=context.fault is not None)
    if fault:
        context.apply(fault)
    return fault is not None


def _effective_method(context: RequestContext) -> str:
    """Return the request's method after an override, or without it when the body cannot be decoded."""
    with contextlib.suppress(RequestError, HTTPException):
        return overridden_method(context)
    return context.request.method


def _extension(path: str) -> str | None:
    _, dot, extension = path.rstrip("/").rpartition("/")[2].partition(".")
    return extension if dot else None


class _Exchange:
    """A request and its response, once there is one."""

    def __init__(self, request: Request, method: str, response: flask.Response | None = None) -> None:
        self.method = printable(method)
        self.path = printable(request.path)
        self._request = request
        self._response = response or Response()

    @property
    def allowed(self) -> set[str]:
        # A path that the API does not have is answered as if it were an instance's: an injected 405 needs an Allow.
        return set(accepted_methods(path_template(self._request.path) or MEMBER)) - {self.method}

    @property
    def length(self) -> int:
        return len(self._response.get_data())

    @property
    def connection(self) -> Connection:
        return cast("Connection", self._request.environ[KEY])

    def set_content_type(self, content_type: str) -> None:
        self._response.content_type = content_type
