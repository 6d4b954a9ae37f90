"""Requests as clients send them: formats, bodies, query strings, overridden methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Served

JSON, XML = "application/json", "application/xml"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "content_type", "answered"),
    [
        ("/instances.json", XML, None, JSON),
        ("/instances.xml", JSON, None, XML),
        ("/instances", None, None, JSON),
        ("/instances", "*/*", None, JSON),
        ("/instances", "", None, JSON),
        ("/instances", XML, JSON, XML),
        ("/instances", "text/xml", None, XML),
        ("/instances", "application/json, text/plain, */*", None, JSON),
        ("/instances", "application/xml;q=0.5, application/json;q=0.9", None, JSON),
        ("/instances", "application/json;q=0, */*", None, JSON),
        ("/instances", "application/xml, application/json", None, XML),
        ("/instances", "Application/XML; charset=utf-8", None, XML),
        ("/instances", CHROME, None, XML),
        ("/instances", "application/*", XML, XML),
        ("/instances", "*/*", XML, XML),
        ("/instances", None, "text/xml; charset=utf-8", XML),
        ("/instances", "*/*", "application/x-www-form-urlencoded", JSON),
        ("/instances", "text/html, */*;q=0.1", None, JSON),
    ],
)
def test_the_answers_format_is_the_extensions_else_accepts_else_the_bodys(
    api: Served, path: str, accept: str | None, content_type: str | None, answered: str
) -> None:
    answer = api.get(path, headers={"Accept": accept, "Content-Type": content_type})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"{answered}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "text/plain", "image/png, text/html", "application/xml;q=0", "json"])
def test_a_format_that_is_neither_is_not_acceptable(api: Served, accept: str) -> None:
    answer = api.get("/instances", headers={"Accept": accept})

    assert answer.status_code == 406
    assert "accepted are application/json and application/xml" in answer.text


BODIES: list[tuple[str, str | None, bytes]] = [
    ("a form", "application/x-www-form-urlencoded", b"plan=nano"),
    ("a form with a charset", "application/x-www-form-urlencoded;charset=UTF-8", b"plan=nano"),
    ("a nested form", "application/x-www-form-urlencoded", b"instance[plan]=nano"),
    ("percent-encoded brackets", "application/x-www-form-urlencoded", b"instance%5Bplan%5D=nano"),
    ("no type", None, b"plan=nano"),
    ("no type, nested", None, b"instance%5Bplan%5D=nano"),
    ("JSON", "application/json", b'{"plan": "nano"}'),
    ("nested JSON", "application/json; charset=utf-8", b'{"instance": {"plan": "nano"}}'),
    ("JSON with a byte order mark", "application/json", b'\xef\xbb\xbf{"plan": "nano"}'),
    ("text/json", "text/json", b'{"plan": "nano"}'),
    ("XML", "application/xml", b"<instance><plan>nano</plan></instance>"),
    ("text/xml with a charset", "text/xml; charset=utf-8", b"<instance><plan>nano</plan></instance>"),
    ("typed XML", "application/xml", b'<instance><plan type="string">nano</plan></instance>'),
    ("a bare element", "application/xml", b"<plan>nano</plan>"),
    ("UTF-16", "application/xml", '<?xml version="1.0" encoding="UTF-16"?><plan>nano</plan>'.encode("utf-16")),
    (
        "multipart",
        'multipart/form-data; boundary="-b-"',
        b'---b-\r\nContent-Disposition: form-data; name="instance[plan]"\r\n\r\nnano\r\n---b---\r\n',
    ),
]


@pytest.mark.parametrize(("name", "content_type", "body"), BODIES, ids=[body[0] for body in BODIES])
def test_a_plan_is_accepted_in_every_type_of_body(
    api: Served, name: str, content_type: str | None, body: bytes
) -> None:
    answer = api.post("/instances.json", data=body, headers={"Content-Type": content_type})

    assert answer.status_code == 201, answer.text
    assert answer.json()["plan"] == "nano"


@pytest.mark.parametrize("framing", ["chunked", "expected"])
def test_a_body_may_come_in_chunks_or_after_a_continue(api: Served, framing: str) -> None:
    head = "POST /instances.json HTTP/1.1\nHost: localhost\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
    if framing == "chunked":
        chunks = b"6\r\nplan=n\r\n3;x=y\r\nano\r\n0\r\n\r\n"
        answer = raw.send(api.url, raw.head(f"{head}\nTransfer-Encoding: chunked", chunks, length=False))
    else:
        with raw.connect(api.url) as connection:
            connection.sendall(raw.head(f"{head}\nContent-Length: 9\nExpect: 100-continue"))
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"plan=nano")
            answer = raw.parse(raw.receive(connection))

    assert answer.status == 201, answer.text


def test_query_parameters_take_precedence_over_those_of_the_body(api: Served) -> None:
    assert api.post("/instances.json?plan=nano").json()["plan"] == "nano"
    assert api.post("/instances.json?instance[plan]=nano").json()["plan"] == "nano"
    both = api.post("/instances.json?instance%5Btimeout%5D=30", json={"instance": {"plan": "nano", "timeout": 20}})
    assert both.json()["timeout"] == 30


def test_arrays_in_forms(api: Served) -> None:
    body = "plan=nano&instance[snapshots][]=900+1&instance[snapshots][]=60+5"
    assert api.post("/instances.json", data=body).json()["snapshots"] == ["900 1", "60 5"]
    assert api.put("/instances/1.json", data="snapshots[0]=30+1&snapshots[1]=10+2").json()["snapshots"] == [
        "30 1",
        "10 2",
    ]
    assert api.put("/instances/1.json", data="snapshots[]=").json()["snapshots"] == []


@pytest.mark.parametrize(
    ("query", "headers", "body"),
    [
        ("", {}, "_method=put&plan=mini"),
        ("", {}, "_method=PUT&instance[plan]=mini"),
        ("?_method=put", {}, "plan=mini"),
        ("", {"X-HTTP-Method-Override": "PUT"}, "plan=mini"),
        ("", {"X-HTTP-Method-Override": "put", "Content-Type": JSON}, '{"plan": "mini"}'),
    ],
)
def test_a_post_may_represent_a_put(api: Served, query: str, headers: dict[str, str], body: str) -> None:
    api.create()
    typed = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    answer = api.post(f"/instances/1.json{query}", data=body, headers=typed)

    assert answer.status_code == 200, answer.text
    assert answer.json()["plan"] == "mini"


def test_a_post_may_represent_a_delete(api: Served) -> None:
    api.create()
    answer = api.post("/instances/1.json", data={"_method": "delete"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert api.get("/instances/1.json").status_code == 404


def test_a_post_to_the_list_can_only_be_a_create(api: Served) -> None:
    api.create()
    assert api.post("/instances.json", data={"_method": "delete", "plan": "nano"}).status_code == 405
    assert len(api.get("/instances.json").json()) == 1


@pytest.mark.parametrize(
    ("sent", "hint"),
    [
        (
            {"data": '{"plan": "nano"}'},
            "the body looks like JSON but is not labelled; send Content-Type: application/json",
        ),
        (
            {"data": '{"plan": "nano"}', "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "the body looks like JSON but is labelled a form; send Content-Type: application/json",
        ),
        ({"json": {"hash": {"plan": "nano"}}}, "hash holds no attributes; put them under instance"),
        (
            {"data": "<hash><plan>nano</plan></hash>", "headers": {"Content-Type": XML}},
            "hash holds no attributes; put them under instance",
        ),
        ({"json": {"pan": "nano"}}, "pan is not an attribute; did you mean plan?"),
    ],
)
def test_a_probable_mistake_is_named_in_a_header(api: Served, sent: dict[str, Any], hint: str) -> None:
    answer = api.post("/instances.json", **sent)

    assert answer.status_code == 422
    assert answer.json() == {"errors": ["Plan can't be blank"]}
    assert answer.headers["X-Rtgmock-Hint"] == hint
    assert api.log[-1]["hint"] == hint


@pytest.mark.parametrize("extension", ["", ".json", ".xml"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_endpoint_has_its_extensions_and_a_trailing_slash(api: Served, extension: str, slash: str) -> None:
    end = extension + slash
    form = XML if extension == ".xml" else JSON

    assert api.post(f"/instances{end}", data={"plan": "nano"}).status_code == 201
    for answer in (
        api.get(f"/instances{end}"),
        api.get(f"/instances/1{end}"),
        api.put(f"/instances/1{end}", data={"label": "mongrel"}),
    ):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(form)
    assert api.delete(f"/instances/1{end}").status_code == 200


@pytest.mark.parametrize("path", ["/instances", "/instances.xml", "/instances/1.json"])
def test_a_head_is_a_get_without_its_body(api: Served, path: str) -> None:
    api.create()
    head, get = api.call("HEAD", path), api.get(path)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(get.content))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
