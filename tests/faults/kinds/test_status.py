"""Injected errors, as their client sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import requests

if TYPE_CHECKING:
    from tests.conftest import Served


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize(
    ("status", "line", "sentence"),
    [
        (400, "Bad Request", "Bad Request, as fault 1 asks.\n"),
        (401, "Unauthorized", "HTTP Basic: Access denied.\n"),
        (404, "Not Found", "Not Found, as fault 1 asks.\n"),
        (429, "Too Many Requests", "Too Many Requests, as fault 1 asks.\n"),
        (499, "Refused", "Refused, as fault 1 asks.\n"),
        (503, "Service Unavailable", "Service Unavailable, as fault 1 asks.\n"),
        (599, "Refused", "Refused, as fault 1 asks.\n"),
    ],
)
def test_an_injected_error_is_one_sentence_with_its_status(
    api: Served, status: int, line: str, sentence: str, extension: str
) -> None:
    api.emulator.fail(status=status)
    answer = api.get(f"/instances.{extension}")

    assert (answer.status_code, answer.reason, answer.text) == (status, line, sentence)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Rtgmock-Fault"] == "1"
    assert answer.headers.get("WWW-Authenticate") == (
        'Basic realm="Application", charset="UTF-8"' if status == 401 else None
    )


def test_an_injected_422_is_a_list_of_messages_in_the_response_format(api: Served) -> None:
    api.emulator.fail("POST", status=422, message="Plan is sold out")
    in_json = api.post("/instances.json", data={"plan": "nano"})
    in_xml = api.post("/instances", data={"plan": "nano"}, headers={"Accept": "application/xml"})

    assert in_json.json() == {"errors": ["Plan is sold out"]}
    assert [error.text for error in ET.fromstring(in_xml.content)] == ["Plan is sold out"]
    assert in_json.status_code == in_xml.status_code == 422
    assert api.post("/instances.yaml").json() == {"errors": ["Plan is sold out"]}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/instances", "HEAD, POST"),
        ("/instances.xml", "HEAD, POST"),
        ("/instances/1", "DELETE, HEAD, PUT"),
        ("/nowhere", "DELETE, HEAD, PUT"),
    ],
)
def test_an_injected_405_lists_the_methods_of_the_path(api: Served, path: str, allowed: str) -> None:
    api.emulator.fail(status=405)

    assert api.get(path).headers["Allow"] == allowed
    assert api.call("PATCH", "/instances").headers["Allow"] == "GET, HEAD, POST"


def test_an_injected_error_can_have_a_message_and_retry_after(api: Served) -> None:
    api.emulator.fail(status=503, retry_after=7, message="Down for a while.")
    answer = api.get("/instances.json")

    assert (answer.headers["Retry-After"], answer.text) == ("7", "Down for a while.\n")


def test_an_injected_error_precedes_authentication_and_nothing_is_carried_out(api: Served) -> None:
    with api.emulator.fail("POST", "/instances", status=503):
        assert requests.post(f"{api.url}/instances.json", timeout=10).status_code == 503
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 503

    assert api.instance_ids() == []


def test_credentials_can_be_refused_after_some_requests(api: Served) -> None:
    api.emulator.fail(status=401, after=2)

    assert [api.get("/instances.json").status_code for _ in range(4)] == [200, 200, 401, 401]
