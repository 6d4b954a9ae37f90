"""Requests by chance: of the API's own words in any order, of well-formed exchanges with mistakes, and of nothing."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from tests.support import exchanges
from tests.support.generated_control import ControlRequests
from tests.support.generated_values import TYPES, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_METHODS = ["GET", "GET", "POST", "POST", "PUT", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "get", "X-Y"]
_MEMBERS = ["/instances", "/instances/1", "/instances/2", "/instances/3", "/instances/0", "/instances/" + "9" * 19]
_PATHS = [
    *("/", "//", "/instance", "/Instances", "/instances/new", "/instances/1/status", "/instances/%31", "/instances/é"),
    *("/instances/-1", "/instances/1.5", "/api/instances/1", "/instances/../_rtgmock/state", "/%2e%2e", "/%00", "/%"),
    *("*", "http://localhost/instances", "http://[/instances", "https://u:p@h/instances/1", "instances", "/a?b?c#d"),
    *("/_rtgmock", "/_rtgmock/", "/_rtgmock/none", "/_rtgmock/instances/1", "/favicon.ico", "/robots.txt"),
]
_EXTENSIONS = ["", ".json", ".xml"]
_ODD_EXTENSIONS = [".yaml", ".json.xml", ".", "/", ".xml/"]
_ODD_TYPES = [
    *("text/xml; charset=utf-16", "application/json; charset=none", "text/plain", "a/b; c*=d''e", "", "/", "x" * 300),
    *("multipart/form-data", "multipart/form-data; boundary=", "application/json;;", "application/xml; charset=\xff"),
]
_HOSTS = [
    *("localhost", "127.0.0.1:1", "[::1]", "[:::]", "[", "::1", "evil.example", "a b", "", "localhost:x", "\xff"),
]
_ORIGINS = [
    *("null", "http://[", "http://localhost", "http://]", "a://b://c", "", "http://evil.example", "//", "\xff"),
]
_CREDENTIALS = [
    *("Basic", "Basic x", "Basic \xff", "Bearer y", "", "Basic Og==", "Basic " + "A" * 3000, "Digest a=b"),
]
_HEADERS = {
    "Host": _HOSTS,
    "Origin": _ORIGINS,
    "Authorization": _CREDENTIALS,
    "Content-Type": _ODD_TYPES,
    "Accept": ["*/*", "application/xml", "text/html", "a", ";q=", "*/*;q=2", "application/json;q=0", ",", "a/b;q=nan"],
    "X-HTTP-Method-Override": ["PUT", "DELETE", "put", "", "x", "GET", "\xff"],
    "Content-Encoding": ["gzip", "identity", "", "deflate, gzip", "x"],
    "Sec-Fetch-Site": ["cross-site", "same-origin", "none", "\xff"],
    "Connection": ["close", "keep-alive", "Upgrade", "x, close"],
    "Upgrade": ["websocket", "h2c"],
    "Expect": ["100-continue", "x"],
    "Cookie": ["a=b", "=", "a" * 300],
    "Range": ["bytes=0-1", "x"],
    "If-None-Match": ["*", '"a"'],
    "X_Underscore": ["1"],
}
_PIECES = [
    *(b"plan", b"instance", b"[", b"]", b"=", b"&", b"%", b"%00", b"%ff", b"5B", b"{", b"}", b'"', b":", b",", b"/"),
    *(b"<", b">", b"--B", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"<?xml", b"&#0;", b"&#x110000;"),
    *(b"null", b"1e999", b"\\ud800", b"\\", b"<!--", b"<![CDATA[", b"]]>", b"<!DOCTYPE a>", b"&lol;", b"nil='true'"),
    *(b"type='array'", b"9" * 5000, b"[" * 300, b"<a>" * 300, b"a[]" * 200, b"-", b"+", b".", b";", b"?", b"#", b" "),
]
_BASIC = "Basic " + base64.b64encode(b"username:password").decode()


class Generated(NamedTuple):
    """A request. ``ends`` tells that nothing is to be sent after it: where it ends may be unclear."""

    method: str
    data: bytes
    ends: bool = False


class RequestGenerator:
    """Makes requests from a seed, always the same ones.

    ``with_faults`` allows for faults that apply. ``ports`` are the ones that instances may have, if not all may.
    """

    def __init__(self, seed: int, *, with_faults: bool, ports: Sequence[int] = ()) -> None:
        self._random = random.Random(seed)
        self._values = Values(self._random)
        self._control_requests = ControlRequests(self._values, with_faults=with_faults, ports=ports)
        self._exchanges = [exchange.wire_request("localhost") for exchange in exchanges.load()]

    def next(self) -> Generated:
        """Return a request."""
        kinds: dict[Callable[[], Generated], int] = {
            self._api: 30,
            self._control: 10,
            self._mutated: 10,
            self._nothing: 1,
        }
        [draw] = self._random.choices([*kinds], [*kinds.values()])
        return draw()

    def _api(self) -> Generated:
        one_of, maybe = self._values.one_of, self._values.maybe
        path = _MEMBERS[0] if maybe(0.4) else one_of(_MEMBERS)
        method = one_of(["GET", "PUT", "PUT", "DELETE"] if path != _MEMBERS[0] else ["GET", "POST", "POST"])
        path += one_of(_EXTENSIONS if maybe(0.9) else _ODD_EXTENSIONS)
        if maybe(0.2):
            method = one_of(_METHODS)
        if maybe(0.1):
            path = one_of(_PATHS)
        query = f"?{self._values.form()}" if maybe(0.2) else ""
        return self._framed(method, quote(path + query, safe="/%?#:@[]*&=+"), *self._values.body())

    def _control(self) -> Generated:
        method, target, document = self._control_requests.draw()
        if self._values.maybe(0.2):
            method = self._values.one_of(_METHODS)
        return self._framed(method, f"/_rtgmock/{target}", TYPES[0], json.dumps(document).encode())

    def _mutated(self) -> Generated:
        """Return a well-formed request with mistakes in its head, and maybe in its body."""
        request = self._values.one_of(self._exchanges) if self._values.maybe(0.5) else self._api().data
        head, blank, body = request.partition(b"\r\n\r\n")
        data = self._damaged(head, 2) + blank + (self._damaged(body) if self._values.maybe(0.5) else body)
        return Generated(data.split(b" ", 1)[0].decode("latin-1"), data, ends=True)

    def _nothing(self) -> Generated:
        count = self._random.randint(1, 30)
        pieces = b"".join(self._values.one_of(_PIECES) for _ in range(count))
        return Generated("", (pieces if self._values.maybe(0.5) else self._random.randbytes(count)) + b"\r\n\r\n", True)

    def _framed(self, method: str, target: str, media_type: str, body: bytes) -> Generated:
        """Return a request whose end is clear; its headers may be odd, and its body damaged."""
        if self._values.maybe(0.1) and b"delay" not in body:  # a rule with one more digit would delay for hours
            body = self._damaged(body)
        lines = [f"{method} {target} HTTP/1.{'0' if self._values.maybe(0.05) else '1'}"]
        lines += [f"{name}: {value}" for name, value in self._headers(media_type).items()]
        if self._values.maybe(0.1):
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        elif body or self._values.maybe(0.5):
            lines.append(f"Content-Length: {len(body)}")
        return Generated(method, "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)

    def _headers(self, media_type: str) -> dict[str, str]:
        headers = {"Host": "localhost", "Authorization": _BASIC, "Content-Type": media_type}
        while self._values.maybe(0.2):
            name = self._values.one_of(list(_HEADERS))
            headers[name] = self._values.one_of(_HEADERS[name])
        if self._values.maybe(0.05):
            del headers[self._values.one_of(list(headers))]
        return headers

    def _damaged(self, data: bytes, most: int = 4) -> bytes:
        """Return ``data`` with something left out, put in, replaced or repeated in up to ``most`` places."""
        for _ in range(self._random.randint(1, most)):
            start = self._random.randint(0, len(data))
            end = min(start + self._values.one_of([0, 1, 1, 4, 40]), len(data))
            middle = self._values.one_of(
                [
                    b"",
                    self._values.one_of(_PIECES),
                    self._random.randbytes(self._random.randint(1, 4)),
                    data[start:end] * self._random.randint(2, 20),
                ]
            )
            data = data[:start] + middle + data[end:]
        return data
