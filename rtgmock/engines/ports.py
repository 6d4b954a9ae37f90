"""Addresses: which can be listened on, and what a name stands for."""

from __future__ import annotations

import contextlib
import socket


def can_listen(host: str, port: int) -> bool:
    """Whether a server could listen on this address now."""
    with contextlib.suppress(OSError):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return True
    return False


def resolved(host: str) -> str:
    """The address that a host name stands for."""
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
