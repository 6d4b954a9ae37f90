"""Requests that are refused, one for each sentence that a client can be refused with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from tests.support import raw

if TYPE_CHECKING:
    from tests.support.raw import Answer

AUTHORIZED = "Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
XML = "Content-Type: application/xml"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"
DTD = b'<!DOCTYPE a [<!ENTITY b "c">]><instance><plan>&b;</plan></instance>'


class RefusedRequest(NamedTuple):
    """A request that is refused. ``{ext}`` in its head becomes each of the formats' extensions."""

    name: str
    status: int
    head: str
    body: bytes = b""
    says: str = ""
    authorized: bool = True

    def send(self, url: str, extension: str) -> Answer:
        head = self.head.replace("{ext}", extension)
        if "Host:" not in head:
            head += f"\nHost: {urlsplit(url).netloc}"
        if self.authorized:
            head += f"\n{AUTHORIZED}"
        # A request with a Content-Length or chunks in its head has them wrong on purpose.
        is_complete = "Content-Length" not in head and "chunked" not in head
        return raw.send(url, raw.head(head, self.body, length=is_complete))


REFUSED_REQUESTS = [
    RefusedRequest(
        "no credentials", 401, "GET /instances.{ext} HTTP/1.1", says="HTTP Basic: Access denied.", authorized=False
    ),
    RefusedRequest(
        "wrong password", 401, "GET /instances.{ext} HTTP/1.1\nAuthorization: Basic dXNlcm5hbWU6eA==", authorized=False
    ),
    RefusedRequest("not basic", 401, "GET /instances.{ext} HTTP/1.1\nAuthorization: Bearer x", authorized=False),
    RefusedRequest("not base64", 401, "GET /instances.{ext} HTTP/1.1\nAuthorization: Basic \xff", authorized=False),
    RefusedRequest(
        "foreign host",
        403,
        "GET /instances.{ext} HTTP/1.1\nHost: evil.example.com",
        says="--allow-host evil.example.com",
    ),
    RefusedRequest(
        "foreign origin",
        403,
        "GET /instances.{ext} HTTP/1.1\nOrigin: https://evil.example.com",
        says="evil.example.com",
    ),
    RefusedRequest("unreadable host", 400, "GET /instances.{ext} HTTP/1.1\nHost: a b", says="a b"),
    RefusedRequest("unknown id", 404, "GET /instances/99.{ext} HTTP/1.1", says="There is no instance 99"),
    RefusedRequest("no id", 404, "GET /instances/mongrel.{ext} HTTP/1.1", says="There is no instance mongrel"),
    RefusedRequest("no whole id", 404, "GET /instances/0.5.{ext} HTTP/1.1", says="There is no instance 0.5;"),
    RefusedRequest("unknown path", 404, "GET /instnaces.{ext} HTTP/1.1", says="Did you mean /instances.{ext}?"),
    RefusedRequest(
        "unknown path below",
        404,
        "GET /instances/1.{ext}/backups HTTP/1.1",
        says="There is no /instances/1.{ext}/backups",
    ),
    RefusedRequest("unknown update", 404, "PUT /instances/99.{ext}?plan=mini HTTP/1.1", says="There is no instance 99"),
    RefusedRequest("unknown delete", 404, "DELETE /instances/99.{ext} HTTP/1.1", says="There is no instance 99"),
    RefusedRequest(
        "wrong method", 405, "PATCH /instances/1.{ext} HTTP/1.1", says="accepted are DELETE, GET, HEAD, PUT"
    ),
    RefusedRequest(
        "wrong method on the list", 405, "DELETE /instances.{ext} HTTP/1.1", says="accepted are GET, HEAD, POST"
    ),
    RefusedRequest("no options", 405, "OPTIONS /instances.{ext} HTTP/1.1", says="OPTIONS is not accepted"),
    RefusedRequest(
        "post to an instance", 405, "POST /instances/1.{ext} HTTP/1.1", says="accepted are DELETE, GET, HEAD, PUT"
    ),
    RefusedRequest(
        "unknown override", 405, "POST /instances/1.{ext}?_method=patch HTTP/1.1", says="PATCH is not accepted"
    ),
    RefusedRequest("unknown method", 405, "BREW /instances.{ext} HTTP/1.1", says="BREW is not accepted"),
    RefusedRequest("unknown extension", 406, "GET /instances.{ext}l HTTP/1.1", says="Did you mean .{ext}?"),
    RefusedRequest(
        "unknown extension of an instance", 406, "GET /instances/1.yaml HTTP/1.1", says="accepted are .json and .xml"
    ),
    RefusedRequest(
        "unaccepted", 406, "GET /instances HTTP/1.1\nAccept: text/html", says="accepted are application/json"
    ),
    RefusedRequest(
        "bad JSON", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b'{"plan": nano}', "line 1, column 10"
    ),
    RefusedRequest("JSON array", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b'["nano"]', "must be an object"),
    RefusedRequest(
        "bad XML", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", b"<instance><plan></instance>", "line 1, column 18"
    ),
    RefusedRequest("DTD", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", DTD, "must not have a DTD"),
    RefusedRequest(
        "bad UTF-8 in JSON", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b'{"plan": "\xff"}', "byte 10 (0xff)"
    ),
    RefusedRequest(
        "bad UTF-8 in XML", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", b"<plan>\xff</plan>", "byte 6 (0xff)"
    ),
    RefusedRequest(
        "bad UTF-8 in a form", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"plan=\xff", "byte 5 (0xff)"
    ),
    RefusedRequest(
        "bad escape in a form", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"plan=%ff", "an escape in it"
    ),
    RefusedRequest(
        "bad escape in a query", 400, "POST /instances.{ext}?plan=%ff HTTP/1.1", says="The query string cannot be read"
    ),
    RefusedRequest("contradictory nesting", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"a=1&a[b]=2", "nests"),
    RefusedRequest(
        "no boundary", 400, "POST /instances.{ext} HTTP/1.1\nContent-Type: multipart/form-data", b"x", "no boundary"
    ),
    RefusedRequest(
        "declared too large", 413, "POST /instances.{ext} HTTP/1.1\nContent-Length: 1048577", says="1048576 bytes"
    ),
    RefusedRequest("too large", 413, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"x" * 3_000_000, "1048576 bytes"),
    RefusedRequest(
        "unread type",
        415,
        "POST /instances.{ext} HTTP/1.1\nContent-Type: text/plain",
        b'{"plan": "nano"}',
        "Did you mean",
    ),
    RefusedRequest(
        "unread charset", 415, "POST /instances.{ext} HTTP/1.1\nContent-Type: text/xml; charset=x", b"<a/>", "UTF-8"
    ),
    RefusedRequest(
        "unread encoding", 415, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}\nContent-Encoding: gzip", b"\x1f\x8b", "gzip"
    ),
    RefusedRequest("large headers", 431, f"GET /instances.{{ext}} HTTP/1.1\nX: {'x' * 70_000}", says="65535 bytes"),
    RefusedRequest("no request line", 400, "nonsense", says="Start line is invalid"),
    RefusedRequest("bad address", 400, "GET http://[ HTTP/1.1", says="cannot be read"),
    RefusedRequest("bad length", 400, "POST /instances.{ext} HTTP/1.1\nContent-Length: ten", says="Content-Length"),
    RefusedRequest(
        "broken chunking",
        400,
        "POST /instances.{ext} HTTP/1.1\nTransfer-Encoding: chunked",
        b"ten\r\nplan=nano\r\n0\r\n\r\n" + b"x" * 2_000_000,
        "Invalid chunk size",
    ),
    RefusedRequest(
        "chunks too large",
        413,
        "POST /instances.{ext} HTTP/1.1\nTransfer-Encoding: chunked",
        b"200000\r\n" + b"x" * 0x200000 + b"\r\n0\r\n\r\n",
        "1048576 bytes",
    ),
    RefusedRequest(
        "unknown transfer encoding", 501, "POST /instances.{ext} HTTP/1.1\nTransfer-Encoding: gzip", says="chunked"
    ),
    RefusedRequest("bad query", 400, "POST /instances.{ext}?plan=\xff HTTP/1.1", says="Bad URI"),
    RefusedRequest(
        "too many fields", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"a=1&" * 1001, "more than 1000 fields"
    ),
    RefusedRequest(
        "deep name", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"a" + b"[b]" * 9 + b"=1", "more than 8 deep"
    ),
    RefusedRequest("deep XML", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", b"<a>" * 17, "more than 16 deep"),
    RefusedRequest("single value in JSON", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b"7", "a single value"),
    RefusedRequest("no multipart", 400, f"POST /instances.{{ext}} HTTP/1.1\n{MULTIPART}", b"--b\r\nx\r\n--b--"),
    RefusedRequest(
        "multipart file",
        400,
        f"POST /instances.{{ext}} HTTP/1.1\n{MULTIPART}",
        b'--b\r\nContent-Disposition: form-data; name="plan"; filename="x"\r\n\r\nnano\r\n--b--\r\n',
        "is a file",
    ),
    RefusedRequest(
        "multipart without a name",
        400,
        f"POST /instances.{{ext}} HTTP/1.1\n{MULTIPART}",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nnano\r\n--b--\r\n",
        "has no name",
    ),
    RefusedRequest(
        "too many parts",
        400,
        f"POST /instances.{{ext}} HTTP/1.1\n{MULTIPART}",
        b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 1001 + b"--b--\r\n",
        "more than 1000 fields",
    ),
]
