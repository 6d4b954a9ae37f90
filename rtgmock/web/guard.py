"""Keeps web pages out: a page in a browser must not be able to use the emulator behind its user's back.

A page of another origin is told by ``Origin`` or ``Sec-Fetch-Site``, which only browsers send and pages cannot
forge; one whose name was rebound to this machine is told by its ``Host``. There are no CORS headers, ever.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

from rtgmock.errors import BadRequest, Forbidden
from rtgmock.paths import SERVICE
from rtgmock.text import printable
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from flask import Flask

    from rtgmock.settings.config import Config

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def install(app: Flask, config: Config) -> None:
    """Check every request, of any path, before anything else is done with it."""
    known = {*SERVICE, *config.allow_hosts, config.host}
    if config.hostname and "{" not in config.hostname:
        known.add(config.hostname.lower())

    @app.before_request
    def check() -> None:
        request_context().host = _host(known, config.host)
        _same_site()


def _host(known: set[str], listening: str) -> str:
    """The host by which the client reached us, without its port. Raises BadRequest, Forbidden."""
    header = request.headers.get("Host", "")
    if not header and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.1":
        return "localhost" if listening in {"0.0.0.0", "::"} else listening  # noqa: S104 - compared, not bound
    match = _HOST.fullmatch(header)
    if match is None:
        raise BadRequest(
            f"The Host '{printable(header)}' cannot be read; send a name or an address, as localhost:8080."
        )
    name = (match[1] or match[2]).lower().rstrip(".")
    if not (name in known or "." not in name or _is_address(name)):
        raise Forbidden(
            f"The Host {name} is not answered to, so that no web page can reach rtgmock by a name of its own; "
            f"restart with --allow-host {name} if the name is yours."
        )
    return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_site() -> None:
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    foreign = origin is not None and _normal(origin) != _normal(own)
    if foreign or request.headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
        source = printable(origin) if origin else "another site"
        raise Forbidden(
            f"A web page of {source} may not use rtgmock; "
            "send the request from a program, without Origin and Sec-Fetch-Site."
        )


def _normal(origin: str) -> str:
    """An origin without the port that its scheme has anyway."""
    scheme, _, host = origin.strip().lower().partition("://")
    return f"{scheme}://{urlsplit('//' + host).netloc.removesuffix(_DEFAULT_PORTS.get(scheme, ' '))}"
