"""The headers of a request, as httptools reads them."""

from __future__ import annotations

from functools import lru_cache

import httptools

# llhttp knows a fixed list of methods, and a client of the API that sends another one shall be told which are accepted.
# So the request line is read by us, and llhttp is given this one in its place.
_REQUEST_LINE = b"POST / HTTP/1.1\r\n"


class RequestHeaders:
    """What a block of headers says. Nothing in it changes, so that equal blocks may share one.

    What is wrong with it is in ``error`` and not raised: what the answer says depends on the request line, too.
    """

    def __init__(self, block: bytes) -> None:
        """Read the headers in ``block``, which ends with an empty line. The callbacks of httptools fill this object."""
        self.block = block
        self.values: dict[str, str] = {}
        """By the names that WSGI has for them; without ``Transfer-Encoding``, which the server has dealt with."""
        self.count = 0
        self.error: httptools.HttpParserError | None = None
        try:
            httptools.HttpRequestParser(self).feed_data(_REQUEST_LINE + block)
        except httptools.HttpParserUpgrade:
            pass  # a client offers another protocol, which needs no answer
        except httptools.HttpParserError as error:
            self.error = error
        self.length = int(self.values.get("CONTENT_LENGTH") or 0) if self.error is None else 0
        """What ``Content-Length`` says, which httptools has checked; 0 without it."""
        self.transfer_encoding = self.values.pop("HTTP_TRANSFER_ENCODING", "").lower()
        self.expects_continue = self.values.get("HTTP_EXPECT", "").lower() == "100-continue"
        self.connection = {token.strip() for token in self.values.get("HTTP_CONNECTION", "").lower().split(",")}
        """What ``Connection`` names."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; called by httptools."""
        self.count += 1
        if b"_" in name:
            return  # X_Y would be taken for X-Y, whose value somebody may trust
        key, text = _wsgi_name(name), value.strip(b" \t").decode("latin-1")
        self.values[key] = f"{self.values[key]}, {text}" if key in self.values else text


@lru_cache(maxsize=512)
def _wsgi_name(name: bytes) -> str:
    key = name.upper().replace(b"-", b"_").decode("latin-1")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
