"""Any request gets one of the known statuses, and never an internal error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import raw
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Serve, Served

ANSWERS = {200, 201, 400, 401, 403, 404, 405, 406, 413, 415, 422, 431, 501}
AUTHORIZED = b"Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ=\r\nHost: localhost\r\nConnection: close\r\n"
FIELD = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40).map(
    lambda text: text.encode("latin-1")
)
TYPES = st.sampled_from(
    [
        b"application/json",
        b"application/xml",
        b"text/xml; charset=utf-16",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=b",
        b"text/plain",
    ]
)
PIECES = st.sampled_from(
    [
        b"plan",
        b"=",
        b"nano",
        b"&",
        b"instance",
        b"[",
        b"]",
        b"%",
        b"5B",
        b"{",
        b"}",
        b'"',
        b":",
        b",",
        b"<",
        b">",
        b"/",
        b"--b",
        b"\r\n",
        b"Content-Disposition: form-data; name=plan",
        b"1e999",
        b"\xff",
        b"<?xml",
        b"&#0;",
        b"null",
    ]
)
BODIES = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map(b"".join))
METHODS = st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"PATCH"])
PATHS = st.one_of(
    st.sampled_from([b"/instances", b"/instances.json", b"/instances/1.xml", b"/instances/1"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30).map(lambda text: b"/" + text.encode()),
)
FUZZ = settings(
    max_examples=rounds(40, 200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def api_without_errors(serve: Serve) -> Iterator[Served]:
    api = serve()
    api.create()
    yield api
    assert [entry for entry in api.log if entry["status"] >= 500 and entry["status"] != 501] == []
    assert api.get("/_rtgmock/health").status_code == 200
    assert api.get("/_rtgmock/requests").status_code == 200


@FUZZ
@given(method=METHODS, path=PATHS, content_type=TYPES, body=BODIES)
def test_any_body_in_any_type(
    api_without_errors: Served, method: bytes, path: bytes, content_type: bytes, body: bytes
) -> None:
    head = b"%s %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    answer = raw.send(api_without_errors.url, head % (method, path, AUTHORIZED, content_type, len(body)) + body)

    assert answer.status in ANSWERS


@FUZZ
@given(
    name=st.sampled_from([b"Accept", b"Content-Type", b"Authorization", b"X-HTTP-Method-Override", b"Host", b"Origin"]),
    value=FIELD,
    path=PATHS,
)
def test_any_value_of_a_header(api_without_errors: Served, name: bytes, value: bytes, path: bytes) -> None:
    head = b"POST %s HTTP/1.1\r\n%s: %s\r\n%sContent-Length: 9\r\n\r\nplan=nano"
    answer = raw.send(api_without_errors.url, head % (path, name, value, AUTHORIZED))

    assert answer.status in ANSWERS


@FUZZ
@given(request=st.one_of(st.binary(min_size=1, max_size=300), st.lists(PIECES, min_size=1).map(b"".join)))
def test_any_bytes_at_all(api_without_errors: Served, request: bytes) -> None:
    with raw.connect(api_without_errors.url) as connection:
        connection.sendall(request + b"\r\n\r\n")
        connection.shutdown(1)
        received = raw.receive(connection)

    assert received == b"" or raw.parse(received).status in ANSWERS
