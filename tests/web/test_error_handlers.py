"""Every class of error, in both formats and on the wire, and that the server answers on after each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from xml.etree.ElementTree import fromstring

import pytest

from rtgmock import errors
from rtgmock.web.health import HealthState
from tests.support import raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Serve, Served

AUTHORIZED = "Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
XML = "Content-Type: application/xml"
DTD = b'<!DOCTYPE a [<!ENTITY b "c">]><instance><plan>&b;</plan></instance>'


class Case(NamedTuple):
    """A request that is refused. ``{ext}`` in its head becomes each of the formats' extensions."""

    name: str
    status: int
    head: str
    body: bytes = b""
    says: str = ""
    authorized: bool = True


CASES = [
    Case("no credentials", 401, "GET /instances.{ext} HTTP/1.1", says="HTTP Basic: Access denied.", authorized=False),
    Case(
        "wrong password", 401, "GET /instances.{ext} HTTP/1.1\nAuthorization: Basic dXNlcm5hbWU6eA==", authorized=False
    ),
    Case("not basic", 401, "GET /instances.{ext} HTTP/1.1\nAuthorization: Bearer x", authorized=False),
    Case("not base64", 401, "GET /instances.{ext} HTTP/1.1\nAuthorization: Basic \xff", authorized=False),
    Case(
        "foreign host",
        403,
        "GET /instances.{ext} HTTP/1.1\nHost: evil.example.com",
        says="--allow-host evil.example.com",
    ),
    Case(
        "foreign origin",
        403,
        "GET /instances.{ext} HTTP/1.1\nOrigin: https://evil.example.com",
        says="evil.example.com",
    ),
    Case("unreadable host", 400, "GET /instances.{ext} HTTP/1.1\nHost: a b", says="a b"),
    Case("unknown id", 404, "GET /instances/99.{ext} HTTP/1.1", says="There is no instance 99"),
    Case("no id", 404, "GET /instances/mongrel.{ext} HTTP/1.1", says="There is no instance mongrel"),
    Case("no whole id", 404, "GET /instances/0.5.{ext} HTTP/1.1", says="There is no instance 0.5;"),
    Case("unknown path", 404, "GET /instnaces.{ext} HTTP/1.1", says="Did you mean /instances.{ext}?"),
    Case(
        "unknown path below",
        404,
        "GET /instances/1.{ext}/backups HTTP/1.1",
        says="There is no /instances/1.{ext}/backups",
    ),
    Case("unknown update", 404, "PUT /instances/99.{ext}?plan=mini HTTP/1.1", says="There is no instance 99"),
    Case("unknown delete", 404, "DELETE /instances/99.{ext} HTTP/1.1", says="There is no instance 99"),
    Case("wrong method", 405, "PATCH /instances/1.{ext} HTTP/1.1", says="accepted are DELETE, GET, HEAD, PUT"),
    Case("wrong method on the list", 405, "DELETE /instances.{ext} HTTP/1.1", says="accepted are GET, HEAD, POST"),
    Case("no options", 405, "OPTIONS /instances.{ext} HTTP/1.1", says="OPTIONS is not accepted"),
    Case("post to an instance", 405, "POST /instances/1.{ext} HTTP/1.1", says="accepted are DELETE, GET, HEAD, PUT"),
    Case("unknown override", 405, "POST /instances/1.{ext}?_method=patch HTTP/1.1", says="PATCH is not accepted"),
    Case("unknown method", 405, "BREW /instances.{ext} HTTP/1.1", says="BREW is not accepted"),
    Case("unknown extension", 406, "GET /instances.{ext}l HTTP/1.1", says="Did you mean .{ext}?"),
    Case("unknown extension of an instance", 406, "GET /instances/1.yaml HTTP/1.1", says="accepted are .json and .xml"),
    Case("unaccepted", 406, "GET /instances HTTP/1.1\nAccept: text/html", says="accepted are application/json"),
    Case("bad JSON", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b'{"plan": nano}', "line 1, column 10"),
    Case("JSON array", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b'["nano"]', "must be an object"),
    Case(
        "bad XML", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", b"<instance><plan></instance>", "line 1, column 18"
    ),
    Case("DTD", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", DTD, "must not have a DTD"),
    Case("bad UTF-8 in JSON", 400, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}", b'{"plan": "\xff"}', "byte 10 (0xff)"),
    Case("bad UTF-8 in XML", 400, f"POST /instances.{{ext}} HTTP/1.1\n{XML}", b"<plan>\xff</plan>", "byte 6 (0xff)"),
    Case("bad UTF-8 in a form", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"plan=\xff", "byte 5 (0xff)"),
    Case("bad escape in a form", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"plan=%ff", "an escape in it"),
    Case(
        "bad escape in a query", 400, "POST /instances.{ext}?plan=%ff HTTP/1.1", says="The query string cannot be read"
    ),
    Case("contradictory nesting", 400, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"a=1&a[b]=2", "nests"),
    Case("no boundary", 400, "POST /instances.{ext} HTTP/1.1\nContent-Type: multipart/form-data", b"x", "no boundary"),
    Case("declared too large", 413, "POST /instances.{ext} HTTP/1.1\nContent-Length: 1048577", says="1048576 bytes"),
    Case("too large", 413, f"POST /instances.{{ext}} HTTP/1.1\n{FORM}", b"x" * 3_000_000, "1048576 bytes"),
    Case(
        "unread type",
        415,
        "POST /instances.{ext} HTTP/1.1\nContent-Type: text/plain",
        b'{"plan": "nano"}',
        "Did you mean",
    ),
    Case("unread charset", 415, "POST /instances.{ext} HTTP/1.1\nContent-Type: text/xml; charset=x", b"<a/>", "UTF-8"),
    Case(
        "unread encoding", 415, f"POST /instances.{{ext}} HTTP/1.1\n{JSON}\nContent-Encoding: gzip", b"\x1f\x8b", "gzip"
    ),
    Case("large headers", 431, f"GET /instances.{{ext}} HTTP/1.1\nX: {'x' * 70_000}", says="65535 bytes"),
    Case("no request line", 400, "nonsense", says="Start line is invalid"),
    Case("bad address", 400, "GET http://[ HTTP/1.1", says="cannot be read"),
    Case("bad length", 400, "POST /instances.{ext} HTTP/1.1\nContent-Length: ten", says="Content-Length"),
    Case(
        "broken chunking",
        400,
        "POST /instances.{ext} HTTP/1.1\nTransfer-Encoding: chunked",
        b"ten\r\nplan=nano\r\n0\r\n\r\n" + b"x" * 2_000_000,
        "Invalid chunk size",
    ),
    Case(
        "chunks too large",
        413,
        "POST /instances.{ext} HTTP/1.1\nTransfer-Encoding: chunked",
        b"200000\r\n" + b"x" * 0x200000 + b"\r\n0\r\n\r\n",
        "1048576 bytes",
    ),
    Case("unknown transfer encoding", 501, "POST /instances.{ext} HTTP/1.1\nTransfer-Encoding: gzip", says="chunked"),
]

REFUSED_VALUES = [
    ("no plan", b"label=mongrel", ["Plan can't be blank"]),
    ("blank plan", b"plan=", ["Plan can't be blank"]),
    ("nothing", b"", ["Plan can't be blank"]),
    ("unknown plan", b"plan=pico", ["Plan is not included in the list"]),
    ("plan in capitals", b"plan=Nano", ["Plan is not included in the list"]),
    ("not a number", b"plan=nano&timeout=soon", ["Timeout is not a number"]),
    (
        "several",
        b"plan=pico&timeout=-1&databases=0&appendfsync=often",
        [
            "Plan is not included in the list",
            "Timeout must be greater than or equal to 0",
            "Databases must be greater than 0",
            "Appendfsync is not included in the list",
        ],
    ),
]


def ids(case: Case) -> str:
    return case.name


@pytest.fixture
def answers_on(api: Served) -> Iterator[Served]:
    """An emulator with an instance, which must answer after the test as it did before."""
    api.create()
    before = api.get("/instances.json").json()
    yield api
    assert api.get("/instances.json").json() == before


def test_every_status_of_the_table_of_errors_has_a_case() -> None:
    walked = {case.status for case in CASES} | {422, 500, 503}
    assert {error.status for error in errors.REQUEST_ERRORS} <= walked


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_refusal_is_one_sentence_of_plain_text(answers_on: Served, case: Case, extension: str) -> None:
    head = case.head.replace("{ext}", extension)
    if "Host:" not in head:
        head += f"\nHost: {urlsplit(answers_on.url).netloc}"
    if case.authorized:
        head += f"\n{AUTHORIZED}"
    whole = "Content-Length" not in head and "chunked" not in head

    answer = raw.send(answers_on.url, raw.head(head, case.body, length=whole))

    assert answer.status == case.status, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert case.says.replace("{ext}", extension) in answer.text
    assert answer.text.endswith((".\n", "?\n"))
    assert answer.text.count("\n") == 1
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize(("name", "body", "messages"), REFUSED_VALUES, ids=[value[0] for value in REFUSED_VALUES])
def test_refused_values_are_messages_in_the_format_asked_for(
    answers_on: Served, name: str, body: bytes, messages: list[str]
) -> None:
    for extension in ("json", "xml"):
        head = f"POST /instances.{extension} HTTP/1.1\nHost: localhost\n{FORM}\n{AUTHORIZED}"
        answer = raw.send(answers_on.url, raw.head(head, body))

        assert (answer.status, answer.reason) == (422, "Unprocessable Entity")
        assert answer.headers["content-type"] == f"application/{extension}; charset=utf-8"
        if extension == "json":
            assert json.loads(answer.body) == {"errors": messages}
        else:
            root = fromstring(answer.body)
            assert (root.tag, root.attrib) == ("errors", {})
            assert [(child.tag, child.attrib, child.text) for child in root] == [("error", {}, m) for m in messages]


def test_errors_in_xml_are_laid_out_as_rails_did(api: Served) -> None:
    answer = api.post("/instances.xml", data={"plan": "nano", "timeout": "x", "databases": "y"})

    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<errors>\n  <error>Timeout is not a number</error>\n'
        "  <error>Databases is not a number</error>\n</errors>\n"
    )


def test_a_refused_login_names_the_realm(api: Served) -> None:
    answer = api.get("/instances.json", auth=("username", "wrong"))

    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Application"'
    assert answer.text == "HTTP Basic: Access denied.\n"


@pytest.mark.parametrize(
    ("path", "allow"), [("/instances", "GET, HEAD, POST"), ("/instances/1", "DELETE, GET, HEAD, PUT")]
)
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE"])
def test_a_wrong_method_is_told_the_right_ones(answers_on: Served, method: str, path: str, allow: str) -> None:
    assert answers_on.call(method, path).headers["Allow"] == allow


def test_a_head_is_refused_without_a_body(api: Served) -> None:
    answer = raw.send(api.url, raw.head(f"HEAD /instances/9 HTTP/1.1\nHost: localhost\n{AUTHORIZED}"))

    assert answer.status == 404
    assert answer.body == b""


def test_a_fault_of_ours_shows_no_trace(
    api: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of the house")

    monkeypatch.setattr("rtgmock.service.provisioner.Provisioner.list", fail)
    answer = api.get("/instances.xml")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == "Internal error in rtgmock; its log says more.\n"
    assert "ZeroDivisionError" in caplog.text
    assert api.get("/_rtgmock/health").status_code == 200


def test_a_fault_before_the_app_shows_no_trace(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api = serve()
    monkeypatch.setattr(HealthState, "stopping", property(lambda _: 1 // 0), raising=True)
    monkeypatch.setattr("rtgmock.web.error_handlers.responses.refusal", lambda _: 1 // 0)

    answer = raw.send(api.url, raw.head("GET /_rtgmock/health HTTP/1.1\nHost: localhost"))
    monkeypatch.undo()

    assert answer.status == 500
    assert answer.text == "Internal error in rtgmock; its log says more.\n"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_an_engine_that_cannot_is_a_sentence_too(api: Served, monkeypatch: pytest.MonkeyPatch, extension: str) -> None:
    def fail(*_: object) -> None:
        raise errors.EngineFailed("The instance's Redis did not start: no memory.")

    monkeypatch.setattr(api.emulator.engine, "apply", fail)
    api.create()
    answer = api.put(f"/instances/1.{extension}", data={"timeout": "3"})

    assert (answer.status_code, answer.reason) == (503, "Service Unavailable")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == "The instance's Redis did not start: no memory.\n"
    assert api.get("/instances/1.json").json()["timeout"] == 150


def test_nothing_redirects(answers_on: Served) -> None:
    for path in (
        "/instances/",
        "/instances.json/",
        "/instances/1/",
        "/instances/1.xml/",
        "/_rtgmock/health/",
        "/_rtgmock/openapi.json/",
    ):
        assert answers_on.get(path, allow_redirects=False).status_code == 200
    for path in ("//instances", "/instances//1", "/instances/../instances"):
        assert answers_on.get(path, allow_redirects=False).status_code in {200, 404}
