"""A request, and the head from which it is made: the request line with the headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from rtgmock.server.refusals import Refusal, body_too_large, reason_of, unreadable

if TYPE_CHECKING:
    import re

    from rtgmock.server.limits import Limits
    from rtgmock.server.request_headers import RequestHeaders


class Request(NamedTuple):
    """A complete request."""

    method: str
    target: str
    version: str
    """``1.0`` or ``1.1``. A request line without a version counts as 1.0."""
    headers: dict[str, str]
    """Values by the names that WSGI has for them, as ``HTTP_ACCEPT``; equal names are joined by a comma."""
    headers_size: int
    """The bytes of the headers as they were sent."""
    body: bytes
    path: str
    query: str
    keep_alive: bool


class RequestHead:
    """The request line and the headers of a request, within the limits."""

    def __init__(self, line: bytes, match: re.Match[bytes], headers: RequestHeaders, limits: Limits) -> None:
        """Raise Refusal for headers that can't be read, and for what is over a limit."""
        self.line = line
        method, target, version = match.groups()
        self._method = method.decode("latin-1")
        self.target = target.decode("latin-1")
        self.version = "1.1" if version == b"1.1" else "1.0"
        self._headers = headers
        self._check_transfer_encoding()
        if headers.error is not None:
            raise unreadable(reason_of(headers.error), self.line) from headers.error
        self.expects_continue = self.version == "1.1" and headers.expects_continue
        self._path, self._query = _split_target(self.target, self.line)
        self._check_limits(limits)

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return bool(self._headers.transfer_encoding)

    @property
    def length(self) -> int:
        """The bytes of the body; 0 when it comes in chunks."""
        return self._headers.length

    def _check_transfer_encoding(self) -> None:
        if self._headers.transfer_encoding not in {"", "chunked"}:
            sentence = "The Transfer-Encoding is not known; accepted is chunked."
            raise Refusal(501, sentence, self.line, self.version)

    def _check_limits(self, limits: Limits) -> None:
        if self._headers.count > limits.header_count:
            sentence = f"The request has {self._headers.count} headers; at most {limits.header_count} are read."
            raise Refusal(431, sentence, self.line, self.version)
        if self.length > limits.body:
            raise body_too_large(limits, self.line, self.version)

    def request(self, body: bytes) -> Request:
        """Return the request with its body."""
        values = self._headers.values
        if self.is_chunked:  # to the application it is a request with a length
            values = values | {"CONTENT_LENGTH": str(len(body))}
        connection = self._headers.connection
        keep_alive = "close" not in connection if self.version == "1.1" else "keep-alive" in connection
        size = len(self._headers.block)
        return Request(self._method, self.target, self.version, values, size, body, self._path, self._query, keep_alive)


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
