"""Network addresses: whether a server can listen on one, and what a host name resolves to."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from rtgmock.network import listening_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable


def can_listen(host: str, port: int) -> bool:
    """Return whether a server could listen there now."""
    return all(_can_listen(address, port) for address in listening_hosts(host))


def _can_listen(host: str, port: int) -> bool:
    with contextlib.suppress(OSError):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            # As Redis does: a port whose connections are in TIME_WAIT can be listened on.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return True
    return False


def first_free_port(host: str, candidates: Iterable[int]) -> int | None:
    """Return the first of the ports on which a server could listen now; None when it could on none."""
    return next((port for port in candidates if can_listen(host, port)), None)


def resolve_host(host: str) -> list[str]:
    """Return the addresses on which a server for a host name or address listens. Raises OSError."""
    hosts = listening_hosts(host)
    return [str(socket.getaddrinfo(each, None, type=socket.SOCK_STREAM)[0][4][0]) for each in hosts]
