"""Network addresses: how a client reaches a listening address, and why an address cannot be listened on."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket

LOCALHOST = "localhost"


def client_host(host: str) -> str:
    """Return the host by which a client on this machine reaches a server that listens on ``host``."""
    # A wildcard address is only for listening: not every system can connect to it.
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - translated, not bound


def listening_hosts(host: str) -> tuple[str, ...]:
    """Return what a server that is told to listen on ``host`` listens on: for ``localhost`` both loopback addresses.

    There is no second one on a machine without IPv6.
    """
    if host != LOCALHOST:
        return (host,)
    return ("127.0.0.1", "::1") if _has_ipv6() else ("127.0.0.1",)


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def is_loopback(host: str) -> bool:
    """Return whether what listens on ``host`` is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == LOCALHOST


def local_url(host: str, port: int | str, *, tls: bool = False) -> str:
    """Return the URL by which a client on this machine reaches a server that listens on this address."""
    name = client_host(host)
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def listen_problem(host: str, port: int, error: OSError) -> str:
    """Return why an address cannot be listened on, and what to do about it."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"the port {port} on {host} is taken{listening_process(port)}; "
            "stop that, or take another: --port 0 finds a free one"
        )
    if error.errno == errno.EACCES:
        return f"the port {port} needs privileges that you don't have; take one above 1023, as --port 8080"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"the address {host} is not one of this machine; listen on another: --host 127.0.0.1"
    return f"cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}; choose another: --host, --port"


def listening_process(port: int) -> str:
    """Return `` by NAME (process ID)`` for the process that listens on a port, or nothing when it is not visible."""
    import psutil  # noqa: PLC0415 - only this error needs it

    # Other users' processes are hidden on some systems; the sentence is complete without the name.
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN and getattr(connection.laddr, "port", None) == port
            if listening and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
