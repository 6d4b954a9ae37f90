"""A request, and the head from which it is made: the request line and the headers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

import httptools

from rtgmock.server.refusals import Refusal, body_too_large, reason_of, unreadable

if TYPE_CHECKING:
    import re

    from rtgmock.server.limits import Limits

# llhttp knows a fixed list of methods, and a client of the API that sends another one shall be told which are accepted.
# So the request line is read by us, and llhttp is given this one in its place.
_REQUEST_LINE = b"POST / HTTP/1.1\r\n"


class Request(NamedTuple):
    """A complete request."""

    method: str
    target: str
    version: str
    """``1.0`` or ``1.1``. A request line without a version counts as 1.0."""
    headers: dict[str, str]
    """Values by the names that WSGI has for them, as ``HTTP_ACCEPT``; equal names are joined by a comma."""
    body: bytes
    path: str
    query: str
    keep_alive: bool


class RequestHead:
    """The request line and the headers of a request. The callbacks of httptools fill it."""

    def __init__(self, line: bytes, match: re.Match[bytes]) -> None:
        self.line = line
        method, target, version = match.groups()
        self._method = method.decode("latin-1")
        self._target = target.decode("latin-1")
        self.version = "1.1" if version == b"1.1" else "1.0"
        self._headers: dict[str, str] = {}
        self._count = 0
        self.length = 0
        self.is_chunked = False
        self.expects_continue = False

    def read_headers(self, headers: bytes, limits: Limits) -> None:
        """Read the headers, which end with an empty line. Raises Refusal."""
        parser = httptools.HttpRequestParser(self)
        try:
            parser.feed_data(_REQUEST_LINE + headers)
        except httptools.HttpParserUpgrade:
            pass  # a client offers another protocol, which needs no answer
        except httptools.HttpParserError as error:
            self._check_transfer_encoding()
            raise unreadable(reason_of(error), self.line) from error
        self._check_transfer_encoding()
        expected = self._headers.get("HTTP_EXPECT", "").lower()
        self.expects_continue = self.version == "1.1" and expected == "100-continue"
        self._path, self._query = _split_target(self._target, self.line)
        self._check_limits(limits)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; called by httptools."""
        self._count += 1
        if b"_" in name:
            return  # X_Y would be taken for X-Y, whose value somebody may trust
        key, text = _wsgi_name(name), value.strip(b" \t").decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def _check_transfer_encoding(self) -> None:
        encoding = self._headers.pop("HTTP_TRANSFER_ENCODING", "")
        if encoding and encoding.lower() != "chunked":
            sentence = "The Transfer-Encoding is not known; accepted is chunked."
            raise Refusal(501, sentence, self.line, self.version)
        self.is_chunked = bool(encoding)

    def _check_limits(self, limits: Limits) -> None:
        if self._count > limits.header_count:
            sentence = f"The request has {self._count} headers; at most {limits.header_count} are read."
            raise Refusal(431, sentence, self.line, self.version)
        self.length = int(self._headers.get("CONTENT_LENGTH") or 0)
        if self.length > limits.body:
            raise body_too_large(limits, self.line, self.version)

    def request(self, body: bytes) -> Request:
        """Return the request with its body."""
        if self.is_chunked:  # to the application it is a request with a length
            self._headers["CONTENT_LENGTH"] = str(len(body))
        connection = {token.strip() for token in self._headers.get("HTTP_CONNECTION", "").lower().split(",")}
        keep_alive = "close" not in connection if self.version == "1.1" else "keep-alive" in connection
        return Request(
            self._method, self._target, self.version, self._headers, body, self._path, self._query, keep_alive
        )


@lru_cache(maxsize=512)
def _wsgi_name(name: bytes) -> str:
    key = name.upper().replace(b"-", b"_").decode("latin-1")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


def _split_target(target: str, line: bytes) -> tuple[str, str]:
    """Return the decoded path, as WSGI has it, and the query string. Raises Refusal."""
    if not target.isascii():
        raise unreadable("Bad URI", line)
    if not target.startswith("/") and "://" in target:  # a proxy's form
        try:
            target = urlsplit(target)._replace(scheme="", netloc="").geturl()
        except ValueError as error:
            raise unreadable(str(error), line) from error
    path, _, query = target.partition("#")[0].partition("?")
    if path.startswith("/"):
        path = "/" + path.lstrip("/")
    return (unquote_to_bytes(path).decode("latin-1") if "%" in path else path), query
