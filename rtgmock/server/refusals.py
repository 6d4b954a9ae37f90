"""What the HTTP server refuses by itself: requests that cannot be read, or are larger than they may be."""

from __future__ import annotations

from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

from rtgmock.text import printable


class Parser(HTTPRequestParser):
    """waitress's parser, which says what is wrong with every request that it cannot read."""

    command = path = ""  # waitress relies on them, also when a first line has not given them

    def received(self, data: bytes) -> int:
        """Take what has come; how much of it belongs to this request."""
        if data.startswith(b"\x16") and not (self.header_plus or self.headers_finished):  # or the client would wait
            self.error = BadRequest("a TLS handshake where plain HTTP is spoken; use http://, or start with --tls")
            self.completed = True
            return len(data)
        return int(super().received(data))

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers. Raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # urlsplit's, of "GET http://[": otherwise there would be no answer at all
            raise ParsingError(str(error)) from error


class Plaintext(Parser):
    """For a client that speaks plain HTTP to a port of HTTPS: no request of it can be read."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read what the request was, and refuse it. Raises ParsingError."""
        super().parse_header(header_plus)
        raise ParsingError("this port speaks HTTPS; use https:// in place of http://")


class Refusal(ErrorTask):
    """What the server itself refuses: the same shape as every error but 422, a sentence in plain text."""

    def execute(self) -> None:
        """Answer with the sentence, and tell the server of it."""
        error = self.request.error
        sentence = _sentence(error.code, error.body, self.channel.adj)
        line = getattr(self.request, "first_line", b"").decode("latin-1")
        self.channel.server.refused(error.code, line, sentence)
        body = f"{sentence}\n".encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "text/plain; charset=utf-8"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)


def _sentence(code: int, reason: str, adj: Any) -> str:
    reason = printable(reason.partition('"')[0].strip(" ."), 200)  # what it quotes may be a header with a secret in it
    return {
        413: f"The body is larger than {adj.max_request_body_size - 1} bytes, which is the most that is read.",
        431: f"The headers are larger than {adj.max_request_header_size - 1} bytes, which is the most that is read.",
        500: "Internal error in rtgmock; its log says more.",
        501: "The Transfer-Encoding is not known; accepted is chunked.",
    }.get(code, f"The request cannot be read: {reason}.")
