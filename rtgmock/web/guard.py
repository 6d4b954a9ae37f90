"""Keeps web pages out: a page that a browser shows must not use the emulator without its user's knowledge.

A browser on this machine can reach the emulator, and so can the pages in it. They come in two ways:

- A page of another origin sends a request. Browsers then add ``Origin`` or ``Sec-Fetch-Site``, which pages cannot
  change and other programs don't send.
- DNS rebinding: a page's own name is made to resolve to this machine, so that the browser takes the emulator for the
  page's own origin. The request's ``Host`` is then that name, and not one that the emulator is known by.

There are never CORS headers, which would permit a page to read an answer.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from rtgmock.errors import BadRequest, Forbidden
from rtgmock.paths import SERVICE
from rtgmock.text import printable

if TYPE_CHECKING:
    from flask import Request

    from rtgmock.settings.config import Config
    from rtgmock.web.request_context import Before, RequestContext

# A Host header: [IPv6 address] or name, and maybe a port.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def checks(config: Config) -> Before:
    """Return the step that checks every request, of any path; it must be the first one."""
    known_names = {*SERVICE, *config.allow_hosts, config.host}
    if config.hostname and "{" not in config.hostname:  # {server} makes it a pattern for instances, not a name
        known_names.add(config.hostname.lower())

    def check(context: RequestContext) -> None:
        context.host = _checked_host(context.request, known_names, config.host)
        _check_origin(context.request)

    return check


def _checked_host(request: Request, known_names: set[str], listening_host: str) -> str:
    """Return the host by which the client reached us, without its port. Raises BadRequest, Forbidden."""
    header = request.environ.get("HTTP_HOST", "")
    if not header and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.1":  # only HTTP/1.1 demands one
        listens_everywhere = listening_host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
        return "localhost" if listens_everywhere else listening_host
    match = _HOST.fullmatch(header)
    if match is None:
        raise BadRequest(
            f"The Host '{printable(header)}' cannot be read; send a name or an address, as localhost:8080."
        )
    name = (match[1] or match[2]).lower().rstrip(".")
    # Only a name with a dot can be rebound: names without one (localhost, a Compose service) are not in public DNS,
    # and an address is not resolved at all.
    if not (name in known_names or "." not in name or _is_address(name)):
        raise Forbidden(
            f"The Host {printable(name)} is not answered to, so that no web page can reach rtgmock by its own name; "
            f"restart with --allow-host {printable(name)} if the name is yours."
        )
    return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_origin(request: Request) -> None:
    """Raise Forbidden for the request of another origin's page. Our own origin may be: that is what Host says."""
    origin = request.environ.get("HTTP_ORIGIN")
    own = f"{request.scheme}://{request.environ.get('HTTP_HOST', '')}"
    is_foreign = origin is not None and _normalized(origin) != _normalized(own)
    # A browser sends no Origin with a GET for an image or a link, but Sec-Fetch-Site.
    if is_foreign or request.environ.get("HTTP_SEC_FETCH_SITE", "").strip().lower() == "cross-site":
        source = printable(origin) if origin else "another site"
        raise Forbidden(
            f"A web page of {source} may not use rtgmock; "
            "send the request from a program, without Origin and Sec-Fetch-Site."
        )


def _normalized(origin: str) -> str:
    """Return an origin in small letters, without the default port of its scheme."""
    scheme, _, host = origin.strip().lower().partition("://")
    # Not by urlsplit, which raises ValueError for a bracket in the wrong place. An origin has no path, but some
    # programs send one. " " is a suffix that no host has.
    host = re.split("[/?#]", host, maxsplit=1)[0]
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ' '))}"
