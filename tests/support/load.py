"""Clients that keep an emulator busy, over sockets, and notice an answer that is not complete."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.conftest import AUTH
from tests.support import raw
from tests.support.patience import Patience

if TYPE_CHECKING:
    import threading

DEADLINE = 20.0
AUTHORIZATION = "Basic " + base64.b64encode(":".join(AUTH).encode()).decode()


class Client:
    """A client with one connection. Raises OSError or HTTPException when that ends before an answer is complete.

    It waits for ``DEADLINE`` seconds, in which this process must run: one that is suspended may be the server, too.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE)
        self._patience = Patience(DEADLINE, self._cut)

    def call(self, method: str, path: str, **attributes: Any) -> tuple[int, Any]:
        """Send a request; return the answer's status and document, which is None without JSON, as in most errors."""
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        with self._patience.waiting():
            self._connect()
            self._connection.request(method, path, json.dumps(attributes) if attributes else None, headers)
            answer = self._connection.getresponse()
            body = answer.read()
        is_json = "json" in answer.getheader("Content-Type", "")
        return answer.status, json.loads(body) if body and is_json else None

    def _connect(self) -> None:
        if self._connection.sock is None:
            connected = socket.create_connection((self._connection.host, self._connection.port), DEADLINE)
            connected.settimeout(None)
            self._connection.sock = connected

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._patience.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._patience.__exit__(*exception)
        self._connection.close()


def listed(url: str) -> dict[int, dict[str, Any]]:
    """Return the instances by id, as a new client sees them."""
    with Client(url) as client:
        status, items = client.call("GET", "/instances.json")
    assert status == 200
    return {item["instance"]["id"]: item["instance"] for item in items}


def exchange(connection: socket.socket, request: bytes) -> bytes:
    """Return one answer, or the part of it that comes before the connection ends."""
    received = b""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(request)
    with contextlib.suppress(ConnectionResetError):
        while not raw.is_whole(received) and (chunk := connection.recv(65536)):
            received += chunk
    return received


def create_until(over: threading.Event, url: str, prefix: str, begun: threading.Event) -> list[bytes]:
    """Return the answers to creates over one connection, until the server closes it or ``over`` is set."""
    received: list[bytes] = []
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError), raw.connect(url, DEADLINE) as connection:
        while not over.is_set() and not (received and received[-1] == b""):
            received.append(exchange(connection, create_request(f"{prefix}-{len(received)}", "keep-alive")))
            begun.set()
    return received


def create_until_refused(url: str, prefix: str, begun: threading.Event) -> list[bytes]:
    """Return the answers to creates, each over a new connection, until the server accepts no more."""
    received: list[bytes] = []
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            with raw.connect(url, DEADLINE) as connection:
                received.append(exchange(connection, create_request(f"{prefix}-{len(received)}", "close")))
            begun.set()
    return received


def create_request(label: str, ending: str) -> bytes:
    body = json.dumps({"plan": "nano", "label": label}).encode()
    fields = f"Host: localhost\nAuthorization: {AUTHORIZATION}\nContent-Type: application/json\nConnection: {ending}"
    return raw.head(f"POST /instances.json HTTP/1.1\n{fields}", body)
