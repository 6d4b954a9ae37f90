"""The journal, shown and cleared by the control API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rtgmock.journal.exchange import Body
from tests.support import raw
from tests.support.control import JSON
from tests.support.journal import exchange, shown_requests

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?methd=GET", "methd is not known; did you mean method?"),
        ("?status=abc", "status is invalid: it must be a status, as 404, or a class of them, as 4xx"),
        ("?status=9xx", "status is invalid: it must be a status, as 404, or a class of them, as 4xx"),
        ("?since=noon", "since is invalid: it must be a request's number, as 12, or a moment, as 2010-12-20T00:35:22Z"),
        ("?limit=0", "limit must be greater than 0"),
        ("?unmatched=maybe", "unmatched is not included in the list: it is true or false"),
    ],
)
def test_a_wrong_query_is_refused(api: Served, query: str, message: str) -> None:
    answer = api.get(f"/_rtgmock/requests{query}")

    assert answer.status_code == 422
    assert answer.json() == {"errors": [message]}


def test_the_journal_can_be_cleared(api: Served) -> None:
    api.get("/instances")
    assert len(shown_requests(api)) == 1

    answer = api.delete("/_rtgmock/requests", headers=JSON)

    assert (answer.status_code, answer.json()) == (200, {"requests": [], "dropped": 0})
    assert shown_requests(api) == []


def test_the_requests_of_an_account_can_be_cleared(serve: Serve) -> None:
    api = serve(accounts="any")
    for name in ("ann", "bob", "ann"):
        api.get("/instances", auth=(name, "x"))

    answer = api.delete("/_rtgmock/requests?account=ann", headers=JSON)

    assert (answer.status_code, answer.json()) == (200, {"requests": [], "dropped": 0})
    assert [entry["account"] for entry in shown_requests(api)] == ["bob"]


@pytest.mark.parametrize("query", ["?acount=ann", "?limit=1", "?status=x"])
def test_a_wrong_query_clears_nothing(api: Served, query: str) -> None:
    api.get("/instances")

    assert api.delete(f"/_rtgmock/requests{query}", headers=JSON).status_code == 422
    assert len(shown_requests(api)) == 1


def test_a_web_page_cannot_clear_the_journal(api: Served) -> None:
    api.get("/instances")
    assert api.delete("/_rtgmock/requests").status_code == 415
    assert len(shown_requests(api)) == 1


def test_a_look_at_many_requests_keeps_no_other_waiting(api: Served) -> None:
    for number in range(200):
        api.emulator._parts.journal.add(exchange(f"/{number}", answer=Body.of(b'[{"a":"b"}' + b',"c"' * 1000 + b"]")))
    health = raw.head("GET /_rtgmock/health HTTP/1.1\nHost: localhost")
    answered = 0
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(shown_requests, api)
        while not look.done():
            assert raw.send(api.url, health).status == 200
            answered += 1

    # A request that waited for the look would be answered after it.
    assert answered > 10
    assert len(look.result()) == 200


def test_the_journal_is_another_one_after_a_reset(api: Served) -> None:
    before, same = (api.get("/_rtgmock/requests").json()["journal"] for _ in range(2))

    api.post("/_rtgmock/reset", json={})

    assert before == same != api.get("/_rtgmock/requests").json()["journal"]
