"""``emulator.requests``: the requests that were received, and assertions whose failures show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.journal.assertions import Requests
from rtgmock.journal.exchange import Exchange
from rtgmock.journal.journal import Journal
from tests.support.clock import START

if TYPE_CHECKING:
    from tests.conftest import Served

JSON, XML = {"Content-Type": "application/json"}, {"Content-Type": "application/xml"}


@pytest.fixture
def received(api: Served) -> Requests:
    return api.emulator.requests


def failure(assertion: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        assertion(*arguments, **named)
    return str(raised.value)


def test_requests_are_a_sequence_of_entries(api: Served, received: Requests) -> None:
    api.create()
    api.get("/instances/1.json")
    api.get("/instance")

    assert len(received) == 3
    assert [entry.status for entry in received] == [201, 200, 404]
    assert received[0].method == "POST"
    assert [entry.path for entry in received[1:]] == ["/instances/1.json", "/instance"]
    assert received.last.nearest[0] == "GET /instances"
    assert received.last.unmatched
    assert "password" not in repr(received.last)
    assert repr(received) == "<3 requests>"


def test_the_last_request_of_none_is_an_error(received: Requests) -> None:
    with pytest.raises(IndexError, match="no request has come"):
        received.last  # noqa: B018 - it raises


def test_requests_are_selected_by_conditions(api: Served, received: Requests) -> None:
    api.create()
    api.get("/instances/1.json")
    api.get("/instances/2.json")

    assert [entry.number for entry in received.of("GET")] == [2, 3]
    assert [entry.number for entry in received.of(method="GET", path="/instances/*", status=200)] == [2]
    assert [entry.number for entry in received.of(status="4xx", account="username")] == [3]
    assert [entry.number for entry in received.of(text="no instance 2")] == [3]
    assert received.of(unmatched=True) == []


def test_requests_can_be_cleared(api: Served, received: Requests) -> None:
    api.create()
    received.clear()
    assert list(received) == []


SENT: list[tuple[str, dict[str, Any]]] = [
    ("JSON", {"json": {"plan": "nano", "timeout": 30}}),
    ("nested JSON", {"json": {"instance": {"plan": "nano", "timeout": 30}}}),
    ("form", {"data": {"plan": "nano", "timeout": "30"}}),
    ("nested form", {"data": {"instance[plan]": "nano", "instance[timeout]": "30"}}),
    ("XML", {"data": "<instance><plan>nano</plan><timeout>30</timeout></instance>", "headers": XML}),
    ("multipart", {"files": {"plan": (None, "nano"), "timeout": (None, "30")}}),
    ("query", {"params": {"plan": "nano", "timeout": "30"}}),
]


@pytest.mark.parametrize(("name", "sent"), SENT, ids=[name for name, _ in SENT])
def test_parameters_are_the_same_in_every_format(
    api: Served, received: Requests, name: str, sent: dict[str, Any]
) -> None:
    api.post("/instances", **sent)

    received.assert_received("POST", "/instances", times=1, status=201, json={"plan": "nano", "timeout": 30})
    received.assert_received("POST", "/instances", json={"instance": {"plan": "nano", "timeout": 30}})
    received.assert_received("post", "/inst*", including={"plan": "nano"})
    received.assert_not_received("POST", "/instances", json={"plan": "nano"})
    received.assert_not_received("POST", "/instances", including={"plan": "mini"})
    received.assert_not_received("POST", "/instances", including={"label": "x"})


def test_passwords_are_compared_but_not_shown(api: Served, received: Requests) -> None:
    api.create(password="s3cret-one")

    received.assert_received("POST", "/instances.json", including={"password": "s3cret-one"})
    message = failure(received.assert_received, "POST", "/instances.json", including={"password": "s3cret-two"})
    assert "s3cret" not in message
    assert 'POST /instances.json including {"password": "***"} came 0 times, not at least once.' in message
    assert "The nearest was 1: password is ***, not ***." in message


def test_a_failure_shows_the_requests_and_the_nearest_one(api: Served, received: Requests) -> None:
    api.create(label="mongrel")
    api.get("/instance/1")
    api.put("/instances/1.json", json={"plan": "mini"})

    message = failure(
        received.assert_received, "PUT", "/instances/1.json", status=200, json={"plan": "small", "timeout": 3}
    )

    assert message.splitlines() == [
        'PUT /instances/1.json answered 200 with {"plan": "small", "timeout": 3} came 0 times, not at least once.',
        "What came:",
        "  #  method  path               status  ms",
        "  1  POST    /instances.json    201     0.0",
        "  2  GET     /instance/1        404     0.0  no such endpoint; did you mean GET /instances/1?",
        "  3  PUT     /instances/1.json  200     0.0",
        "The nearest was 3: timeout is missing; plan is 'mini', not 'small'.",
    ]


def test_a_path_that_differs_is_named(api: Served, received: Requests) -> None:
    api.create()
    message = failure(received.assert_received, "POST", "/instances", status=422, json={"plan": "nano"})
    assert message.endswith(
        "The nearest was 1: the path is /instances.json, not /instances; the status is 201, not 422."
    )


def test_a_failure_says_that_no_request_came(received: Requests) -> None:
    assert failure(received.assert_received, "GET", "/instances") == (
        "GET /instances came 0 times, not at least once.\nNothing came."
    )


def test_requests_are_counted(api: Served, received: Requests) -> None:
    api.get("/instances")
    api.get("/instances")

    received.assert_received("GET", "/instances", times=2)
    assert failure(received.assert_received, "GET", "/instances", times=1).startswith(
        "GET /instances came 2 times, not 1 time."
    )
    assert failure(received.assert_not_received, "GET", "/instances").startswith(
        "GET /instances came 2 times, not 0 times."
    )


def test_a_body_that_cannot_be_read_has_no_parameters(api: Served, received: Requests) -> None:
    api.post("/instances", data='{"plan": nano}', headers=JSON)
    api.post("/instances", data="label=" + "x" * 20_000)

    message = failure(received.assert_received, "POST", "/instances", including={"plan": "nano"})
    assert "The nearest was 2: its parameters cannot be read" in message


def test_requests_that_no_endpoint_takes_fail_the_assertion(api: Served, received: Requests) -> None:
    api.get("/instances")
    received.assert_all_matched()
    api.call("PATCH", "/instances/1")

    message = failure(received.assert_all_matched)
    assert message.startswith("1 request matched no endpoint.\nWhat came:\n")
    assert "no such endpoint; did you mean PUT /instances/1?" in message


def test_an_assertion_fails_if_dropped_requests_could_matter() -> None:
    journal = Journal(max_requests=1)
    received = Requests(journal)
    for path in ("/instances", "/instances/1"):
        journal.add(Exchange("GET", path, 200, START))

    received.assert_received("GET", "/instances/1")
    for assertion, arguments in (
        (received.assert_not_received, ("GET", "/instances")),
        (received.assert_all_matched, ()),
    ):
        assert "no longer holds 1 earlier request" in failure(assertion, *arguments)
    assert "no longer holds 1 earlier request." in failure(received.assert_received, "GET", "/instances")


def test_only_the_newest_of_many_are_printed() -> None:
    journal = Journal()
    for number in range(60):
        journal.add(Exchange("GET", f"/instances/{number}", 200, START))

    message = failure(Requests(journal).assert_received, "GET", "/instances")
    assert "... and 10 before" in message
    assert "/instances/9 " not in message
    assert "/instances/59 " in message
