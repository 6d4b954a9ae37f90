"""Whether containers can be run at once, found out in a few milliseconds, and without the SDK."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from rtgmock.engines.docker.address import CERTIFICATES, HOST, VERIFY, engine_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

DEADLINE = 0.5
"""Seconds that an engine may take to answer."""
_DEFAULT = "unix:///var/run/docker.sock"
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
_PORT = 2375
_MAX_STATUS_LINE = 1000
_OK, _NOT_FOUND = 200, 404


def problem(environment: Mapping[str, str], image: str) -> str:
    """Return why no container of an image can be run at once; empty when an engine answers and has the image.

    An engine on another machine is not asked: that could take long, and is no question for a default.
    """
    try:
        variables = engine_variables(environment)
        host = variables.get(HOST, _DEFAULT)
        link = _connected(host, is_encrypted=VERIFY in variables or CERTIFICATES in variables)
        if link is None:
            return f"the Docker engine {host} is only used with --redis docker"
        with link:
            status = _status(link, image)
    except TimeoutError:
        return f"the Docker engine {host} does not answer within {DEADLINE} seconds"
    except OSError as error:
        return f"no Docker engine answers at {host} ({error.strerror or error})"
    except ValueError as error:
        return str(error)
    if status == _OK:
        return ""
    return f"the Docker engine has no image {image}" if status == _NOT_FOUND else f"the Docker engine answers {status}"


def _connected(host: str, *, is_encrypted: bool) -> socket.socket | None:
    """Return a connection to an engine on this machine; None for another one. Raises OSError and ValueError."""
    address = urlsplit(host)
    if address.scheme == "unix" and hasattr(socket, "AF_UNIX"):
        link = socket.socket(socket.AF_UNIX)
        try:
            link.settimeout(DEADLINE)
            link.connect(f"/{(address.netloc + address.path).lstrip('/')}")
        except BaseException:
            link.close()
            raise
        return link
    if address.scheme in {"tcp", "http"} and address.hostname in _LOCAL_HOSTS and not is_encrypted:
        return socket.create_connection((address.hostname, address.port or _PORT), DEADLINE)
    return None


def _status(link: socket.socket, image: str) -> int:
    """Ask for an image, and return the status of the answer. Raises OSError, and ValueError for what is no HTTP."""
    end = time.monotonic() + DEADLINE
    link.sendall(f"GET /images/{quote(image, safe='/:@')}/json HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
    answer = b""
    while b"\r\n" not in answer and len(answer) < _MAX_STATUS_LINE:
        link.settimeout(max(end - time.monotonic(), 0.001))
        received = link.recv(_MAX_STATUS_LINE)
        if not received:
            raise ConnectionError("it has closed the connection")
        answer += received
    words = answer.split(maxsplit=2)
    if not (len(words) > 1 and words[0].startswith(b"HTTP/") and words[1].isdigit()):
        raise ValueError("what answers in place of a Docker engine does not speak HTTP")
    return int(words[1])
