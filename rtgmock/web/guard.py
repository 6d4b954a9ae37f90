"""Keeps web pages out: a page that a browser shows must not use the emulator without its user's knowledge.

A browser on this machine can reach the emulator, and so can the pages in it. They come in two ways:

- A page of another origin sends a request. Browsers then add ``Origin`` or ``Sec-Fetch-Site``, which pages cannot
  change and other programs don't send.
- DNS rebinding: a page's own name is made to resolve to this machine, so that the browser takes the emulator for the
  page's own origin. The request's ``Host`` is then that name, and not one that the emulator is known by.

There are never CORS headers, which would permit a page to read an answer, and every answer has ``HEADERS``.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock.errors import BadRequest, Forbidden
from rtgmock.network import is_loopback
from rtgmock.paths import PROXY_ADDRESS_KEY, SERVICE
from rtgmock.text import printable

if TYPE_CHECKING:
    from flask import Request

    from rtgmock.settings.config import Config
    from rtgmock.web.request_context import Before, RequestContext

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
)
"""What every answer has: a page may not run it as a script, not embed it, and not find it in the browser's cache.

X-Frame-Options also keeps a page from seeing whether an answer is an error, by how an ``<object>`` with its URL loads.
"""

# A Host header: [IPv6 address] or name, and maybe a port.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?")
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_MAX_IPV6 = 45
"""Characters of the longest IPv6 address: one that ends like an IPv4 address."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_LOCAL_DOMAINS = (".localhost", ".internal", ".test")
"""Domains under which nobody else can have a name, so that no page can be of one."""


def checks(config: Config, machine: str) -> Before:
    """Return the step that checks every request, of any path; it must be the first one. ``machine`` is its own name."""
    known = _known_hosts(config, machine)

    def check(context: RequestContext) -> None:
        host = _checked_host(context.request, known, config.host)
        # Through a proxy the service's name leads to the emulator, but not to the instances' Redis servers.
        context.host = context.request.environ.get(PROXY_ADDRESS_KEY) or host
        _check_origin(context.request)

    return check


@dataclass(frozen=True)
class _KnownHosts:
    """The hosts that the emulator answers to."""

    names: frozenset[str]
    domains: tuple[str, ...]
    """Domains with a dot before them, of which any name is known."""
    single_names: bool
    """Whether names without a dot are known: those of services in a Compose file, of machines in a local network."""

    def __contains__(self, host: str) -> bool:
        return (
            host in self.names
            or host.endswith(self.domains)
            or (self.single_names and "." not in host and ":" not in host)
            or _is_one_machine(host)
        )


def _known_hosts(config: Config, machine: str) -> _KnownHosts:
    names = {"localhost", machine.lower(), config.host, *config.allow_hosts}
    # A page can have the service's own name, if somebody else owns that by now; with TLS it lacks our certificate.
    if config.tls:
        names.update(SERVICE)
    if config.hostname and "{" not in config.hostname:  # {server} makes it a pattern for instances, not a name
        names.add(config.hostname.lower())
    domains = (*_LOCAL_DOMAINS, *(name for name in names if name.startswith(".")))
    # A network's search domain can complete a name without a dot, so that a page can have it. An emulator that only
    # this machine can reach has no need of such names.
    known = frozenset(name for name in names if not _is_wildcard(name))
    return _KnownHosts(known, domains, single_names=not is_loopback(config.host))


def _checked_host(request: Request, known: _KnownHosts, listening_host: str) -> str:
    """Return the host by which the client reached us, without its port. Raises BadRequest, Forbidden."""
    header = request.environ.get("HTTP_HOST", "")
    if not header and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.1":  # only HTTP/1.1 demands one
        return "localhost" if _is_wildcard(listening_host) else listening_host
    match = _HOST.fullmatch(header)
    host = match[1] or match[2] if match else _bare_ipv6(header)
    if not host:
        raise BadRequest(
            f"The Host '{printable(header)}' cannot be read; send a name or an address, as localhost:8080."
        )
    name = host.lower().rstrip(".")
    if name not in known:
        raise Forbidden(
            f"The Host {printable(name)} is not answered to, so that no web page can reach rtgmock by its own name; "
            f"{_advice(request.method, name)}."
        )
    return name


def _bare_ipv6(header: str) -> str:
    """Return the IPv6 address in a Host without brackets, as ``::1:8080``; empty if there is none.

    rest-client, HTTPClient, request and needle send it so (observed), always with a port: what follows the last colon
    is one wherever an address is left before it.
    """
    host, _, port = header.rpartition(":")
    if _PORT.fullmatch(port) and _is_ipv6(host):
        return host
    return header if _is_ipv6(header) else ""


def _is_ipv6(host: str) -> bool:
    # The length first: a header has up to 64 kB. A zone, as in fe80::1%eth0, is not part of an address here.
    return len(host) <= _MAX_IPV6 and ":" in host and "%" not in host and _address(host) is not None


def _advice(method: str, name: str) -> str:
    """Return what to do about a host that is not answered to."""
    if method == "CONNECT":
        return "started with --tls, it is a proxy for redistogo.com, and for no other host"
    if _is_wildcard(name):
        return "send the address of one machine, as 127.0.0.1"
    return f"restart with --allow-host {printable(name)} if the name is yours"


def _is_wildcard(host: str) -> bool:
    """Return whether a host is the address 0.0.0.0 or ::, which means all addresses of a machine that listens."""
    return (address := _address(host)) is not None and address.is_unspecified


def _is_one_machine(host: str) -> bool:
    """Return whether a host is an address, but not 0.0.0.0 or ::, for which browsers skip some of their checks."""
    return (address := _address(host)) is not None and not address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check_origin(request: Request) -> None:
    """Raise Forbidden for the request of another origin's page. Our own origin may be: that is what Host says."""
    origin = request.environ.get("HTTP_ORIGIN")
    own = f"{request.scheme}://{request.environ.get('HTTP_HOST', '')}"
    is_foreign = origin is not None and _normalized(origin) != _normalized(own)
    # A browser sends no Origin with a GET for an image or a link, but Sec-Fetch-Site. A page on another port of the
    # same host is of the same site.
    site = request.environ.get("HTTP_SEC_FETCH_SITE", "").strip().lower()
    if is_foreign or site in {"cross-site", "same-site"}:
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
