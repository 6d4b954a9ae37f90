"""The control API's blueprint: its endpoints, behind one check of who may use them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from flask import Blueprint, request

from rtgmock.errors import UnsupportedMedia
from rtgmock.paths import CONTROL_PATH
from rtgmock.text import printable
from rtgmock.web.auth import authenticate
from rtgmock.web.control.endpoints import BLUEPRINTS
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from rtgmock.settings.config import Config
    from rtgmock.web.control.context import ControlContext


def blueprint(config: Config, context: ControlContext) -> Blueprint:
    """Return the blueprint of all endpoints: open to programs on this machine, to others with an account."""
    control = Blueprint("control", __name__, url_prefix=CONTROL_PATH)

    @control.before_request
    def check() -> None:
        if not _is_client_local():
            authenticate(request_context(), config.accounts)
        # A web page can send a form or plain text to another origin, but for JSON its browser asks first (CORS), and
        # is refused. So not even a page that the guard doesn't recognize can change anything.
        if request.method not in {"GET", "HEAD"} and request.mimetype != "application/json":
            received = printable(request.mimetype) if request.mimetype else "no Content-Type"
            raise UnsupportedMedia(
                f"A control request that changes anything needs Content-Type: application/json; got {received}. "
                "With curl: -H 'Content-Type: application/json'."
            )

    for endpoints in BLUEPRINTS:
        control.register_blueprint(endpoints(context))
    return control


def _is_client_local() -> bool:
    """Return whether the client's address is a loopback one.

    It is the connection's address: headers as ``X-Forwarded-For`` can be sent by anybody, and are not looked at.
    """
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    # A socket that listens on :: sees 127.0.0.1 as ::ffff:127.0.0.1, which Python doesn't call a loopback address.
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
