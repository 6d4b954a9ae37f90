"""Decodes a body that comes in chunks."""

from __future__ import annotations

import httptools

_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
_END = b"\r\n\r\n"
MAX_ENDS = 256
"""Places at which a body can end that are tried in one call."""


class ChunkedBody:
    """A body in chunks. It has its own parser, since that of the head stops at an ``Upgrade`` header."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.complete = False
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(_HEAD)
        self._tail = b"\r\n"  # the last bytes before the body are the end of the head

    def feed(self, data: bytes) -> int:
        """Decode; return how many bytes that took, which may be fewer than there are. Raises HttpParserError.

        httptools doesn't tell where a body ended, so it is fed up to each place where one can end. A body may consist
        of such places. Only some are tried in one call, so that no other connection waits for it.
        """
        start, end = 0, self._first_end(data)
        for _ in range(MAX_ENDS):
            self._parser.feed_data(data[start:end])
            start = end
            if self.complete or start == len(data):
                break
            found = data.find(_END, start)
            end = found + len(_END) if found >= 0 else len(data)
        self._tail = (self._tail + data[:start][-3:])[-3:]
        return start

    def _first_end(self, data: bytes) -> int:
        """Return the offset behind the next two line ends, which may have begun in earlier data."""
        for known in (3, 2, 1):
            missing = _END[known:]
            if self._tail.endswith(_END[:known]) and data.startswith(missing):
                return len(missing)
        found = data.find(_END)
        return found + len(_END) if found >= 0 else len(data)

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body; called by httptools."""
        self.body += body

    def on_message_complete(self) -> None:
        """Note the end; called by httptools."""
        self.complete = True
