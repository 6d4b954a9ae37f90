"""Addresses: how what listens on one is reached, and why one cannot be listened on."""

from __future__ import annotations

import contextlib
import errno
import os


def reachable(host: str) -> str:
    """What a client on this machine connects to for what listens on ``host``, a wildcard included."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - translated, not bound


def local_url(host: str, port: int | str, *, tls: bool = False) -> str:
    """The URL by which a client on this machine reaches what listens on an address."""
    name = reachable(host)
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def why_not(host: str, port: int, error: OSError) -> str:
    """Why an address cannot be listened on, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"the port {port} on {host} is taken{_holder(port)}; stop that, or take another: --port 0 finds a free one"
        )
    if error.errno == errno.EACCES:
        return f"the port {port} needs privileges that you don't have; take one above 1023, as --port 8080"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"the address {host} is not one of this machine; listen on another: --host 127.0.0.1"
    return f"cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}; choose another: --host, --port"


def _holder(port: int) -> str:
    """Who listens on a port, as far as we may know."""
    import psutil  # noqa: PLC0415 - only this error needs it

    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN and getattr(connection.laddr, "port", None) == port
            if listening and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
