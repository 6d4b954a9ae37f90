"""The control API: finds the endpoint of a request in the table, and checks who may use it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from rtgmock.errors import AccessDenied, MethodNotAllowed, UnsupportedMedia
from rtgmock.paths import CONTROL_PATH
from rtgmock.text import nearest, printable
from rtgmock.web.auth import account_of
from rtgmock.web.control.endpoints import ENDPOINTS
from rtgmock.web.unknown_paths import unknown_path
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from flask import Response

    from rtgmock.settings.config import Config
    from rtgmock.web.control.context import ControlContext
    from rtgmock.web.request_context import RequestContext


class ControlApi:
    """Serves the table of control endpoints: to programs on this machine, and to others with an account."""

    def __init__(self, config: Config, context: ControlContext) -> None:
        self._config = config
        self._context = context

    def serve(self, context: RequestContext) -> Response:
        """Answer a request. Raises RequestError."""
        request = context.request
        found = [(one, match) for one in ENDPOINTS if (match := one.pattern.fullmatch(request.path))]
        if not found:
            raise unknown_path(request.path, _nearest_path(request.path))
        for endpoint, match in found:
            if request.method in endpoint.methods:
                if not endpoint.is_public:
                    self._check_access(context)
                return endpoint.handler(self._context, *map(int, match.groups()))
        accepted = {method for endpoint, _ in found for method in endpoint.methods}
        raise MethodNotAllowed(printable(request.method), printable(request.path), accepted)

    def _check_access(self, context: RequestContext) -> None:
        request = context.request
        if not _is_client_local(request.remote_addr):
            self._authenticate(context)
        # A web page can send a form or plain text to another origin, but for JSON its browser asks first (CORS), and
        # is refused. So not even a page that the guard doesn't recognize can change anything.
        if request.method not in {"GET", "HEAD"} and request.mimetype != "application/json":
            received = printable(request.mimetype) if request.mimetype else "no Content-Type"
            raise UnsupportedMedia(
                f"A control request that changes anything needs Content-Type: application/json; got {received}. "
                "With curl: -H 'Content-Type: application/json'."
            )

    def _authenticate(self, context: RequestContext) -> None:
        """Let the first account use the control API, which shows and changes what all accounts have.

        That is one with a password: where every name is let in, nobody else must be able to do that.
        """
        named = self._config.named_accounts
        context.account = account_of(context.request.environ, named[:1])
        if not context.account:
            raise AccessDenied(
                "From another machine, a control request needs the credentials of the first account. "
                "With curl: -u NAME:PASSWORD."
                if named
                else "From another machine, a control request needs an account with a password, and there is none; "
                "restart with --account any --account NAME:PASSWORD."
            )


def waits(method: str, path: str) -> Waits:
    """Return what the endpoint of a request waits for; a request that has none is refused, and waits for nothing."""
    found = (one for one in ENDPOINTS if method in one.methods and one.pattern.fullmatch(path))
    return next((endpoint.waits for endpoint in found), Waits.NEVER)


def _nearest_path(path: str) -> str | None:
    return nearest(path.lower().rstrip("/"), dict.fromkeys(CONTROL_PATH + endpoint.path for endpoint in ENDPOINTS))


def _is_client_local(address: str | None) -> bool:
    """Return whether the client's address is a loopback one.

    It is the connection's address: headers as ``X-Forwarded-For`` can be sent by anybody, and are not looked at.
    """
    try:
        client = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    # A socket that listens on :: sees 127.0.0.1 as ::ffff:127.0.0.1, which Python doesn't call a loopback address.
    mapped = getattr(client, "ipv4_mapped", None)
    return bool((mapped or client).is_loopback)
