"""Rules that make requests fail, added and removed by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Served

FAULTS = "/_rtgmock/faults"
NO_BODY = {"headers": {"Content-Type": "application/json"}}


def test_a_rule_is_added_listed_with_its_counters_and_removed(api: Served) -> None:
    rule = {"method": "POST", "path": "/instances", "nth": 2, "times": 1, "status": 503}
    added = api.post(FAULTS, json=rule)
    statuses = [api.post("/instances.json", data={"plan": "nano"}).status_code for _ in range(3)]
    listed = api.get(FAULTS)
    removed = api.delete(f"{FAULTS}/1", **NO_BODY)

    assert added.status_code == 201
    assert added.json() == {"faults": [{"id": 1, **rule, "matched": 0, "applied": 0}]}
    assert statuses == [201, 503, 201]
    assert listed.json() == {"faults": [{"id": 1, **rule, "matched": 3, "applied": 1}]}
    assert (removed.status_code, removed.json()) == (200, {"faults": []})


def test_several_rules_are_added_at_once_and_all_removed(api: Served) -> None:
    added = api.post(FAULTS, json=[{"status": 503, "path": "*.xml"}, {"drop": True, "probability": 0.1}])

    assert [fault["id"] for fault in added.json()["faults"]] == [1, 2]
    assert api.post(FAULTS, json=[]).json() == {"faults": []}
    assert len(api.get(FAULTS).json()["faults"]) == 2
    assert api.delete(FAULTS, **NO_BODY).json() == {"faults": []}
    assert api.get("/instances.xml").status_code == 200


def test_a_list_with_mistakes_adds_nothing_and_explains_all(api: Served) -> None:
    answer = api.post(FAULTS, json=[{"status": 503}, {"stauts": 503, "nth": 0}, []], headers={"Accept": "text/html"})

    assert answer.status_code == 422
    assert answer.json() == {
        "errors": [
            "rule 2: stauts is not known; did you mean status?",
            "rule 2: nth must be greater than 0",
            "rule 3: it must be a JSON object, as {}",
        ]
    }
    assert api.get(FAULTS).json() == {"faults": []}


@pytest.mark.parametrize(
    ("line", "body", "content_type", "status"),
    [
        (f"POST {FAULTS}", '{"status":', "application/json", 400),
        (f"POST {FAULTS}", "", "application/json", 422),
        (f"POST {FAULTS}", "7", "application/json", 422),
        (f"POST {FAULTS}", '{"status": 503}', "text/plain", 415),
        (f"DELETE {FAULTS}", "", "", 415),
        (f"DELETE {FAULTS}/7", "", "application/json", 404),
        (f"DELETE {FAULTS}/x", "", "application/json", 404),
        (f"PUT {FAULTS}", "{}", "application/json", 405),
    ],
)
def test_a_wrong_request_is_refused(api: Served, line: str, body: str, content_type: str, status: int) -> None:
    head = f"{line} HTTP/1.1\nHost: localhost" + (f"\nContent-Type: {content_type}" if content_type else "")

    assert raw.send(api.url, raw.head(head, body.encode())).status == status


def test_control_requests_have_no_faults(api: Served) -> None:
    api.post(FAULTS, json={"drop": True})
    answer = api.get(FAULTS)

    assert answer.json()["faults"][0]["matched"] == 0
    assert "X-Rtgmock-Fault" not in answer.headers


def test_a_reset_removes_all_rules_and_numbers_the_next_ones_from_1(api: Served) -> None:
    api.post(FAULTS, json=[{"drop": True, "probability": 0}, {"status": 503, "path": "/nowhere"}])
    api.get("/instances.json")
    api.post("/_rtgmock/reset", **NO_BODY)

    assert api.get(FAULTS).json() == {"faults": []}
    assert api.post(FAULTS, json={"drop": True}).json() == {
        "faults": [{"id": 1, "drop": "before", "matched": 0, "applied": 0}]
    }
