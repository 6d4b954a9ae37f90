"""Which requests the journal has, and what it keeps of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.support import raw
from tests.support.journal import shown_requests

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


def test_two_emulators_have_separate_journals(serve: Serve) -> None:
    one, other = serve(), serve()
    one.get("/instances")
    assert (len(shown_requests(one)), len(shown_requests(other))) == (1, 0)


def test_a_refused_request_is_recorded_with_the_reason(api: Served) -> None:
    api.get("/instances", auth=("username", "wrong-password"))
    api.get("/instances", headers={"Host": "evil.example.com"})
    api.post("/instances", data='{"plan": "nano"}')
    raw.send(api.url, raw.head("GET /instances?a=b HTTP/1.1\nHost: localhost\nTransfer-Encoding: gzip"))
    raw.send(api.url, raw.head("nonsense"))
    api.post("/instances", data=b"x" * 1_100_000)

    assert [(entry["method"], entry["path"], entry["status"]) for entry in shown_requests(api)] == [
        ("GET", "/instances", 401),
        ("GET", "/instances", 403),
        ("POST", "/instances", 422),
        ("GET", "/instances", 501),
        ("-", "-", 400),
        ("POST", "/instances", 413),
    ]
    assert [entry["account"] for entry in shown_requests(api)] == [None, None, "username", None, None, None]
    assert "--allow-host" in shown_requests(api)[1]["response"]["body"]
    assert shown_requests(api)[2]["hint"].startswith("the body looks like JSON")
    assert shown_requests(api)[3]["query"] == "a=b"


def test_the_answer_to_a_head_has_no_body(api: Served) -> None:
    api.call("HEAD", "/instances")
    assert shown_requests(api)[0]["response"]["body"] == ""


def test_control_requests_are_not_recorded(api: Served) -> None:
    api.get("/_rtgmock/health")
    api.get("/_rtgmock/nothing")
    api.get("/_rtgmock")
    api.get("/_rtgmocks")
    assert [entry["path"] for entry in shown_requests(api)] == ["/_rtgmocks"]


def test_the_time_is_that_of_the_emulators_clock(api: Served) -> None:
    api.clock.advance(timedelta(days=1).total_seconds())
    api.get("/instances")
    assert shown_requests(api)[0]["time"] == "2010-12-21T00:35:22Z"
