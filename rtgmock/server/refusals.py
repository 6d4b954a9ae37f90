"""Requests that the HTTP server refuses itself: those that cannot be parsed or exceed a limit."""

from __future__ import annotations

from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

from rtgmock.text import printable

_TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS handshake record; no HTTP request begins with it."""


class RequestParser(HTTPRequestParser):
    """waitress's parser, with an error for every request that it cannot parse."""

    command = path = ""  # waitress reads both even when the request line could not be parsed

    def received(self, data: bytes) -> int:
        """Parse received bytes; return how many of them belong to this request."""
        if data.startswith(_TLS_HANDSHAKE) and not (self.header_plus or self.headers_finished):
            # Refused at once: the client waits for an answer to its handshake and would send no line end.
            self.error = BadRequest("a TLS handshake where plain HTTP is spoken; use http://, or start with --tls")
            self.completed = True
            return len(data)
        return int(super().received(data))

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers. Raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # urlsplit's, for "GET http://[": waitress does not expect it and would send no response at all.
            raise ParsingError(str(error)) from error


class PlainHttpParser(RequestParser):
    """Refuses every request of a client that speaks plain HTTP to an HTTPS port."""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request, which the log shows, and refuse it. Raises ParsingError."""
        super().parse_header(header_plus)
        raise ParsingError("this port speaks HTTPS; use https:// in place of http://")


class RefusalTask(ErrorTask):
    """Answers a refused request like every error but 422: with one sentence in plain text."""

    def execute(self) -> None:
        """Send the response, and report the refusal to the server."""
        error = self.request.error
        sentence = _sentence(error.code, error.body, self.channel.adj)
        request_line = getattr(self.request, "first_line", b"").decode("latin-1")
        self.channel.server.on_refusal(error.code, request_line, sentence)
        body = f"{sentence}\n".encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "text/plain; charset=utf-8"))
        self.set_close_on_finish()  # where a request that cannot be parsed ends is unknown
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)


def _sentence(code: int, reason: str, adj: Any) -> str:
    """Return the sentence for an error of waitress's, whose settings are ``adj``."""
    # What waitress quotes may be a header with a secret in it.
    reason = printable(reason.partition('"')[0].strip(" ."), 200)
    return {
        413: f"The body is larger than {adj.max_request_body_size - 1} bytes, which is the most that is read.",
        431: f"The headers are larger than {adj.max_request_header_size - 1} bytes, which is the most that is read.",
        500: "Internal error in rtgmock; its log says more.",
        501: "The Transfer-Encoding is not known; accepted is chunked.",
    }.get(code, f"The request cannot be read: {reason}.")
