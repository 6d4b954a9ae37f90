"""Requests that no endpoint takes, and what they were probably meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import EnvironHeaders

from rtgmock.journal.exchange import WsgiHeaders, header_variables
from rtgmock.paths import HEADERS_KEY, HEADERS_SIZE_KEY
from tests.support.control import JSON
from tests.support.journal import exchange, shown_requests

if TYPE_CHECKING:
    from tests.conftest import Served


@pytest.mark.parametrize(
    ("method", "path", "sent", "nearest"),
    [
        ("GET", "/instnaces/7.json", {}, "GET /instances/7.json"),
        ("GET", "/instances/mongrel", {}, "GET /instances/:id"),
        ("PATCH", "/instances/7", {"data": "plan=mini"}, "PUT /instances/7"),
        ("GET", "/instances.jsn", {}, "GET /instances.json"),
        ("POST", "/instances", {"data": "{}", "headers": {"Content-Type": "text/plain"}},
         "POST /instances with Content-Type: application/json"),
        ("POST", "/instances", {"data": '{"plan": "nano"}'}, "POST /instances with Content-Type: application/json"),
        ("POST", "/instances.xml", {"data": "<plan>nano</plan>", "headers": JSON},
         "POST /instances.xml with Content-Type: application/xml"),
        ("POST", "/instances", {"data": "plan=nano", "headers": JSON},
         "POST /instances with Content-Type: application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_a_request_that_no_endpoint_takes_is_shown_with_the_nearest_endpoint(
    api: Served, method: str, path: str, sent: dict[str, Any], nearest: str
) -> None:
    api.call(method, path, **sent)
    [entry] = shown_requests(api, "?unmatched=true")

    assert entry["nearest"][0] == nearest


def test_a_request_that_an_endpoint_refuses_is_not_unmatched(api: Served) -> None:
    api.get("/instances/99.json")
    api.post("/instances", data="plan=pico")
    api.post("/instances", data='{"plan": nano}', headers=JSON)
    api.get("/instances", auth=("a", "b"))
    assert [entry["status"] for entry in shown_requests(api, "?unmatched=false")] == [404, 422, 400, 401]


def test_a_request_that_a_fault_answered_is_not_unmatched() -> None:
    assert not exchange(status=405, fault="gone").unmatched
    assert exchange(status=405).unmatched


def test_the_headers_of_a_wsgi_environment_are_those_of_the_request() -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "",
        "HTTP_CONTENT_TYPE": "a copy",
        "HTTP_X_API_KEY": "",
        "HTTP_HOST": "localhost",
        "wsgi.input": None,
    }
    variables, size = header_variables(environ)
    headers = WsgiHeaders(variables)

    assert list(headers) == [("Content-Type", "application/json"), ("X-Api-Key", ""), ("Host", "localhost")]
    assert list(headers) == list(EnvironHeaders(environ))
    assert size == sum(len(name) + len(value) for name, value in variables.items())
    assert header_variables({}) == ({}, 0)


def test_the_headers_that_the_own_server_gives_are_taken_as_they_are() -> None:
    own = {"HTTP_X_A": "b", "CONTENT_TYPE": "text/plain"}
    found, size = header_variables({HEADERS_KEY: own, HEADERS_SIZE_KEY: 50, "HTTP_HOST": "elsewhere"})

    assert found is own
    assert size == 50
    assert list(WsgiHeaders(own)) == [("X-A", "b"), ("Content-Type", "text/plain")]
