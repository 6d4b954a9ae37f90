"""What is shown of a request and its answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rtgmock.journal.exchange import MAX_BODY_BYTES
from tests.support.journal import shown_requests

if TYPE_CHECKING:
    from tests.conftest import Served


def test_an_entry_shows_the_request_and_its_answer(api: Served) -> None:
    api.clock.advance(60)
    api.post(
        "/instances.json?timeout=30", json={"plan": "nano", "label": "x", "colour": "red"}, headers={"X-Mine": "1"}
    )
    [entry] = shown_requests(api)

    request, response = entry.pop("request"), entry.pop("response")
    assert entry == {
        "number": 1,
        "time": "2010-12-20T00:36:22Z",
        "method": "POST",
        "path": "/instances.json",
        "query": "timeout=30",
        "status": 201,
        "ms": 0.0,
        "account": "username",
        "unmatched": False,
        "nearest": [],
        "ignored": ["colour"],
        "hint": None,
        "fault": None,
    }
    assert request["headers"]["X-Mine"] == "1"
    assert request["headers"]["Authorization"] == "Basic ***"
    assert json.loads(request["body"]) == {"plan": "nano", "label": "x", "colour": "red"}
    assert response["headers"]["Location"] == "/instances/1.json"
    assert response["headers"]["X-Rtgmock-Ignored"] == "colour"
    assert json.loads(response["body"])["password"] == "***"
    assert json.loads(response["body"])["url"] == "redis://***@127.0.0.1:9001/"


def test_a_long_body_is_cut(api: Served) -> None:
    api.post("/instances", data="label=" + "x" * 20_000)
    body = shown_requests(api)[0]["request"]["body"]

    assert body.startswith("label=xxx")
    assert body.endswith("... (cut: 20006 bytes in all)")
    assert len(body) < MAX_BODY_BYTES + 100
