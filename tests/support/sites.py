"""Web sites for tests with a browser: an attacker's, and one without any protection, which lets every page in."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

SCRIPT = (Path(__file__).parents[1] / "browser" / "attacks.js").read_bytes()
PAGE = b'<!doctype html><meta charset="utf-8"><title>attacker</title><body><script src="/attacks.js"></script>'
LOOT = "what no page may see"
BASIC = "Basic " + base64.b64encode(b"username:password").decode()
SOUND = (
    b"RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data"
)
SILENCE = bytes([8, 0, 0, 0, *[128] * 8])
"""A millisecond of it."""
DESTINATIONS = {
    **dict.fromkeys(("image", "timing"), "image"),
    **dict.fromkeys(("script", "worker", "module", "preload"), "script"),
    **{kind: kind for kind in ("style", "video")},
}
"""What attacks want the content for, by a word of their names."""


class _Handler(BaseHTTPRequestHandler):
    """Answers without keeping the connection open."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the page is gone, or has stopped waiting
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Print nothing."""

    def parameter(self, name: str) -> str:
        return parse_qs(urlsplit(self.path).query).get(name, [""])[0]

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _AttackerHandler(_Handler):
    """The attacker's site: a page with a script, and redirects to any URL."""

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match urlsplit(self.path).path:
            case "/redirect":
                # Its own answer may be read, so that only what it leads to stands in the way.
                allowed = {
                    "Access-Control-Allow-Origin": self.headers.get("Origin", "*"),
                    "Access-Control-Allow-Credentials": "true",
                }
                self.answer(int(self.parameter("status")), {"Location": self.parameter("to"), **allowed})
            case "/attacks.js":
                self.answer(200, {"Content-Type": "text/javascript"}, SCRIPT)
            case _:
                self.answer(200, {"Content-Type": "text/html"}, PAGE)

    do_GET = do_POST = _serve  # noqa: N815 - the standard library's names


class _OpenHandler(_Handler):
    """A site that permits every page everything, and notes which attacks have succeeded."""

    server: _Server

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "Upgrade" in self.headers:
            self._upgrade()
        elif self.server.needs_password and self.headers.get("Authorization") != BASIC:
            self.answer(401, self._permission() | {"WWW-Authenticate": 'Basic realm="open"'})
        else:
            (self.server.read if self.command == "GET" else self.server.changed).add(self.parameter("attack"))
            kind, content = self._content()
            self.answer(200, self._permission() | {"Content-Type": kind}, content)

    def _permission(self) -> dict[str, str]:
        return {
            "Access-Control-Allow-Origin": self.headers.get("Origin", "*"),
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
            "Timing-Allow-Origin": "*",
        }

    def _content(self) -> tuple[str, bytes]:
        """Return the media type and the content of what the browser wants here."""
        if self.headers.get("Accept") == "text/event-stream":
            return "text/event-stream", f"data: {LOOT}\n\n".encode()
        match self.headers.get("Sec-Fetch-Dest") or self._destination():
            case "image":
                return "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>'
            case "script":
                return "text/javascript", f'globalThis["{self.parameter("attack")}"] = "{LOOT}"'.encode()
            case "style":
                return "text/css", f"html {{ --loot: {LOOT} }}".encode()
            case "video":
                return "audio/wav", SOUND + SILENCE
            case _:
                return "text/plain", LOOT.encode()

    def _destination(self) -> str:
        """Return what a page wants the content for where the browser does not say so: of a rebound name."""
        words = set(self.parameter("attack").split())
        return next((kind for word, kind in DESTINATIONS.items() if word in words), "")

    def _upgrade(self) -> None:
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # as RFC 6455 demands
        accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
        self.send_response(101)
        for name, value in {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}.items():
            self.send_header(name, value)
        self.end_headers()

    def do_OPTIONS(self) -> None:
        self.answer(204, self._permission())

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, port: int, handler: type[_Handler], *, needs_password: bool) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.needs_password = needs_password
        self.read, self.changed = set[str](), set[str]()
        self._connections = set[socket.socket]()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def server_close(self) -> None:
        """End all connections, too: browsers open some in advance, whose requests are for the next server."""
        super().server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it has ended before
                connection.shutdown(socket.SHUT_RDWR)


class Site:
    """A site on a port of 127.0.0.1 that runs in a ``with`` block; port 0 takes a free one.

    ``read`` and ``changed`` are the names of the attacks that have succeeded in it.
    """

    def __init__(self, handler: type[_Handler], port: int = 0, *, needs_password: bool = False) -> None:
        self._server = _Server(port, handler, needs_password=needs_password)
        self.read, self.changed = self._server.read, self._server.changed
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def attacker(port: int = 0) -> Site:
    """Return the attacker's site."""
    return Site(_AttackerHandler, port)


def open_site(port: int = 0, *, needs_password: bool = False) -> Site:
    """Return a site that lets every page in, or only those with whose requests the browser sends the password."""
    return Site(_OpenHandler, port, needs_password=needs_password)
