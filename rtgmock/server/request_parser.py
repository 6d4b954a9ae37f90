"""Divides the bytes of a connection into requests. Nothing here reads or writes a socket.

Here a request is found in the bytes, and its limits are kept. httptools, a binding of llhttp (the parser of Node.js),
reads its headers and its chunks, and refuses what is malformed or contradictory in them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httptools

from rtgmock.server.chunked_body import ChunkedBody
from rtgmock.server.refusals import BARE_LF, Refusal, body_too_large, reason_of, unreadable
from rtgmock.server.request_head import RequestHead
from rtgmock.server.request_headers import RequestHeaders
from rtgmock.server.tunnel_request import METHOD, refuse_plain, tunnel_request

if TYPE_CHECKING:
    from rtgmock.server.limits import Limits
    from rtgmock.server.request_head import Request

_TLS_HANDSHAKE = 0x16
"""The first byte of a TLS handshake record; no HTTP request begins with it."""
_LINE_SLACK = 64
"""Bytes that a request line has beside its target, at most: method, version and blanks."""
_MAX_KNOWN = 2048
"""Bytes of the head that a connection keeps, so that idle connections take little memory."""
_HEAD_END = b"\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Z]+) ([^ \r\n]+)(?: HTTP/([0-9]\.[0-9]))?", re.ASCII)


class RequestParser:
    """Takes the bytes of one connection, and gives the requests in them one at a time."""

    plain_on_tls = False
    """Whether the client speaks plain HTTP to a port that speaks HTTPS: it may ask for a tunnel, and nothing else."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self.is_behind = False
        """Whether there is more to be read in what has arrived, which was left to the next call."""
        self._head: RequestHead | None = None
        self._chunks: ChunkedBody | None = None
        self._continued = False
        """Whether the client of the current request was told to send its body."""
        self._known_head: tuple[bytes, RequestHead] | None = None
        self._known_headers: RequestHeaders | None = None

    def feed(self, data: bytes) -> None:
        """Add bytes that were received."""
        self._buffer += data

    @property
    def is_between_requests(self) -> bool:
        """Whether no byte of a request is left."""
        return not self._buffer and self._head is None

    @property
    def held(self) -> int:
        """The bytes that are kept."""
        return len(self._buffer) + (len(self._chunks.body) if self._chunks else 0)

    def forget(self) -> None:
        """Keep nothing of what was received: no request is read from it any more."""
        self._buffer.clear()
        self._chunks = None
        self.is_behind = False

    def take_expectation(self) -> bool:
        """Return whether the client waits for ``100 Continue`` before it sends the body; true once a request."""
        if self._head is None or self._buffer or self._continued or not self._head.expects_continue:
            return False
        self._continued = True
        return True

    def next_request(self) -> Request | None:
        """Return the next request that is complete; None until there is one.

        Raises Refusal and TunnelRequest, and is then at its end.
        """
        if self._head is None:
            self._head = self._next_head()
        head = self._head
        if head is None:
            return None
        body = self._chunked_body(head) if head.is_chunked else self._sized_body(head)
        if body is None:
            return None
        self._head = self._chunks = None
        return head.request(body)

    def timeout(self, seconds: float) -> Refusal:
        """Return the refusal of a request that is not complete after ``seconds``."""
        sentence = f"The request was not complete after {seconds:g} seconds, which is the most that it may take."
        line = self._head.line if self._head else bytes(self._buffer).partition(b"\r\n")[0]
        return Refusal(408, sentence, line, self._head.version if self._head else "1.1")

    def _next_head(self) -> RequestHead | None:
        buffer = self._buffer
        if buffer and not self._searched and buffer.startswith((b"\r", b"\n")):
            # RFC 9112 allows an empty line before a request; some clients send one after a body.
            del buffer[: len(buffer) - len(buffer.lstrip(b"\r\n"))]
        if not buffer:
            return None
        if buffer[0] == _TLS_HANDSHAKE:
            # Refused at once: the client waits for an answer to its handshake and would send no line end.
            raise unreadable("a TLS handshake where plain HTTP is spoken; use http://, or start with --tls")
        # One search over each byte: from three before those that are new, where an end may have begun.
        end = buffer.find(_HEAD_END, max(self._searched - 3, 0))
        if end < 0:
            self._check_incomplete(buffer)
            self._searched = len(buffer)
            return None
        whole = bytes(buffer[: end + len(_HEAD_END)])
        del buffer[: len(whole)]
        self._searched = 0
        self._continued = False
        return self._known(whole) or self._read_head(whole)

    def _check_incomplete(self, buffer: bytearray) -> None:
        """Refuse a head whose end need not be waited for."""
        line_end = buffer.find(b"\n", 0, self._limits.target + _LINE_SLACK)
        line = bytes(buffer[: line_end if line_end >= 0 else self._limits.target + _LINE_SLACK])
        if line_end < 0 and len(buffer) > self._limits.target + _LINE_SLACK:
            raise self._target_too_long(line) if b" " in line[:_LINE_SLACK] else unreadable("Start line is invalid")
        if len(buffer) > self._limits.headers:
            raise self._headers_too_large(line)
        if _BARE_LF.search(buffer, max(self._searched - 1, 0)):
            raise unreadable(BARE_LF, line.rstrip(b"\r"))

    def _known(self, whole: bytes) -> RequestHead | None:
        """Return the last head if it is equal: a client that waits for something sends the same request again."""
        return self._known_head[1] if self._known_head and self._known_head[0] == whole else None

    def _read_head(self, whole: bytes) -> RequestHead:
        line, _, headers = whole.partition(b"\r\n")
        match = _REQUEST_LINE.fullmatch(line.rstrip())
        if match is None:
            raise unreadable(BARE_LF if b"\n" in line else "Start line is invalid", line.partition(b"\n")[0])
        if self.plain_on_tls and match[1] != METHOD:
            raise refuse_plain(match[2], line)
        if len(match[2]) > self._limits.target:
            raise self._target_too_long(line)
        if len(whole) - len(_HEAD_END) >= self._limits.headers:
            raise self._headers_too_large(line)
        head = RequestHead(line, match, self._read_headers(headers), self._limits)
        if self.plain_on_tls:
            raise tunnel_request(head, behind=bytes(self._buffer))
        self._known_head = (whole, head) if len(whole) <= _MAX_KNOWN else None
        return head

    def _read_headers(self, block: bytes) -> RequestHeaders:
        """Return the headers; of equal blocks, which most clients send with each request, only the first is parsed."""
        known = self._known_headers
        if known is None or known.block != block:
            known = RequestHeaders(block)
            self._known_headers = known if len(block) <= _MAX_KNOWN else None
        return known

    def _sized_body(self, head: RequestHead) -> bytes | None:
        if len(self._buffer) < head.length:
            return None
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        return body

    def _chunked_body(self, head: RequestHead) -> bytes | None:
        self._chunks = self._chunks or ChunkedBody()
        try:
            consumed = self._chunks.feed(bytes(self._buffer))
        except httptools.HttpParserError as error:
            raise unreadable(reason_of(error), head.line, head.version) from error
        del self._buffer[:consumed]
        self.is_behind = bool(self._buffer) and not self._chunks.complete
        if len(self._chunks.body) > self._limits.body:
            raise body_too_large(self._limits, head.line, head.version)
        return bytes(self._chunks.body) if self._chunks.complete else None

    def _target_too_long(self, line: bytes) -> Refusal:
        most = self._limits.target
        return Refusal(414, f"The request target is longer than {most} bytes, which is the most that is read.", line)

    def _headers_too_large(self, line: bytes) -> Refusal:
        most = self._limits.headers
        return Refusal(431, f"The headers are larger than {most} bytes, which is the most that is read.", line)
