"""Calls a WSGI application with a request, and gives its answer as bytes."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from rtgmock.errors import INTERNAL_ERROR, reason
from rtgmock.faults.connection import KEY
from rtgmock.paths import HEADERS_KEY, HEADERS_SIZE_KEY, PROXY_ADDRESS_KEY
from rtgmock.server.response_faults import ResponseFaults
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import WSGIApplication

    from rtgmock.server.refusals import Refusal
    from rtgmock.server.request_head import Request

    Headers = Iterable[tuple[str, str]]

NAME = "rtgmock"
"""What the ``Server`` header says."""


@dataclass
class Answer:
    """An answer as it is sent, and what is done with the connection."""

    head: bytes
    body: bytes
    closes: bool = False
    """Whether the connection ends with it."""
    lingers: bool = False
    """Whether the client may still be sending, and would lose the answer if the connection were closed at once."""
    faults: ResponseFaults = field(default_factory=ResponseFaults)


class Client(NamedTuple):
    """Where a request comes from."""

    host: str
    port: int
    proxy_address: str
    """The address at which it has reached the server as its proxy; empty without a tunnel."""


@dataclass
class Bridge:
    """An application, and what all of its requests have in common. ``date`` gives the value of ``Date``."""

    application: WSGIApplication
    environ: dict[str, Any]
    date: Callable[[], str]
    headers: tuple[tuple[str, str], ...] = (("Server", NAME),)
    """What every answer has."""

    def answer(self, request: Request, client: Client, *, last: bool) -> Answer:
        """Call the application. With ``last``, the connection ends with the answer."""
        faults = ResponseFaults()
        environ = _environ(self.environ, request, client)
        environ[KEY] = faults
        try:
            status, headers, body = _call(self.application, environ)
        except Exception:
            # Without the path, which may have a secret in it that nothing here recognizes.
            logging.getLogger("rtgmock").exception("a %s request failed", printable(request.method))
            return self.sentence(500, f"{INTERNAL_ERROR}\n", request.version, is_head=request.method == "HEAD")
        head, closes = _head(
            status, (*headers, *self._own_headers()), len(body), request.version, last=last or not request.keep_alive
        )
        if request.method == "HEAD" or not _may_have_body(status):
            body = b""
        if faults.length is not None:
            body, closes = body[: faults.length], True
        return Answer(head, body, closes, faults=faults)

    def refuse(self, refusal: Refusal) -> Answer:
        """Return the answer to a request that is refused: one sentence in plain text, as every error but 422."""
        is_head = refusal.line.startswith("HEAD ")
        return self.sentence(refusal.status, f"{refusal.sentence}\n", refusal.version, is_head=is_head)

    def sentence(self, status: int, text: str, version: str, *, is_head: bool) -> Answer:
        """Return an answer in plain text that ends the connection."""
        body = text.encode()
        headers = [
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "text/plain; charset=utf-8"),
            *self._own_headers(),
        ]
        head = _encode(version, f"{status} {reason(status)}", headers)
        return Answer(head, b"" if is_head else body, closes=True, lingers=True)

    def _own_headers(self) -> Headers:
        return (("Date", self.date()), *self.headers)


def _environ(common: dict[str, Any], request: Request, client: Client) -> dict[str, Any]:
    return {
        **common,
        **request.headers,
        HEADERS_KEY: request.headers,
        HEADERS_SIZE_KEY: request.headers_size,
        "REMOTE_ADDR": client.host,
        "REMOTE_HOST": client.host,
        "REMOTE_PORT": str(client.port),
        PROXY_ADDRESS_KEY: client.proxy_address,
        "REQUEST_METHOD": request.method,
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "PATH_INFO": request.path,
        "REQUEST_URI": request.target,
        "QUERY_STRING": request.query,
        "wsgi.input": BytesIO(request.body),
    }


def common_environ(host: str, port: int, scheme: str) -> dict[str, Any]:
    """Return what the WSGI environments of all requests have in common."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_SOFTWARE": NAME,
        "wsgi.url_scheme": scheme,
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def _call(application: WSGIApplication, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return the status line without its version, the headers and the body. Nothing here is streamed."""
    started: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:  # noqa: ARG001
        started[:] = (status, headers)
        return written.append

    parts = application(environ, start_response)
    try:
        written.extend(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
    status, headers = started
    return status, headers, written[0] if len(written) == 1 else b"".join(written)


def _may_have_body(status: str) -> bool:
    return not status.startswith(("1", "204", "304"))


# Many answers of one second have equal headers.
@lru_cache(64)
def _head(
    status: str, headers: tuple[tuple[str, str], ...], length: int, version: str, *, last: bool
) -> tuple[bytes, bool]:
    """Return the encoded head, and whether the connection ends after the answer."""
    named = [(_canonical(name), value) for name, value in headers]
    has_body = _may_have_body(status)
    if not has_body:
        named = [header for header in named if header[0] != "Content-Length"]
    elif not any(name == "Content-Length" for name, _ in named):
        named.append(("Content-Length", str(length)))
    # Without a body there is no length, and where an answer without a length ends is told by the connection's end.
    closes = last or not has_body
    if closes:
        named.append(("Connection", "close"))
    elif version == "1.0":
        named.append(("Connection", "Keep-Alive"))
    return _encode(version, status, named), closes


@lru_cache(maxsize=256)
def _canonical(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))


def _encode(version: str, status: str, headers: Headers) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in sorted(headers, key=itemgetter(0))])
    return f"HTTP/{version} {status}\r\n{lines}\r\n".encode("latin-1")
