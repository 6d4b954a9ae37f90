"""Python's requests as a client."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.plans import PLANS
from tests.support.sentences import TOO_LARGE

if TYPE_CHECKING:
    from tests.conftest import Served


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"plan": "nano"}},
        {"data": {"instance[plan]": "nano"}},
        {"json": {"plan": "nano"}},
        {"json": {"instance": {"plan": "nano"}}},
        {"files": {"plan": (None, "nano")}},
        {"files": {"instance[plan]": (None, "nano")}},
        {"params": {"plan": "nano"}},
    ],
    ids=str,
)
def test_requests_creates_with_each_of_its_ways_to_send_fields(api: Served, options: dict[str, Any]) -> None:
    answer = api.post("/instances", **options)

    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == "/instances/1"
    assert answer.json()["plan"] == "nano"
    assert "X-Rtgmock-Ignored" not in answer.headers


def test_requests_lists_shows_upgrades_and_deletes(api: Served) -> None:
    made = api.create()

    assert [item["instance"]["id"] for item in api.get("/instances").json()] == [made["id"]]
    assert api.get("/instances/1").json() == {**made, "status": "running"}
    upgraded = api.put("/instances/1.json", params={"plan": "mini"})
    assert upgraded.status_code == 200
    assert (upgraded.json()["plan"], upgraded.json()["memory"]) == ("mini", 20971520)
    deleted = api.delete("/instances/1.json")
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert api.get("/instances").json() == []


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"timeout": 30, "activerehashing": "false", "snapshots[]": ["60 1", "30 2"]}},
        {
            "data": {
                "instance[timeout]": 30,
                "instance[activerehashing]": "0",
                "instance[snapshots][]": ["60 1", "30 2"],
            }
        },
        {"json": {"instance": {"timeout": 30, "activerehashing": False, "snapshots": ["60 1", "30 2"]}}},
    ],
    ids=["form", "nested form", "json"],
)
def test_requests_changes_settings(api: Served, options: dict[str, Any]) -> None:
    api.create()

    answer = api.put("/instances/1.json", **options)

    assert answer.status_code == 200, answer.text
    changed = api.get("/instances/1.json").json()
    assert (changed["timeout"], changed["activerehashing"], changed["snapshots"]) == (30, False, ["60 1", "30 2"])


def test_requests_reads_the_errors(api: Served) -> None:
    refused = api.post("/instances", json={"plan": "nona", "timeout": "soon"})

    assert refused.status_code == 422
    assert refused.json() == {
        "errors": [f"Plan is not included in the list: it is one of {', '.join(PLANS)}", "Timeout is not a number"]
    }
    wrong = api.get("/instances", auth=("username", "wrong"))
    assert (wrong.status_code, wrong.text) == (401, "HTTP Basic: Access denied.\n")
    gone = api.get("/instances/7")
    assert gone.status_code == 404
    assert gone.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert gone.text.startswith("There is no instance 7")
    assert api.post("/instances", data="{", headers={"Content-Type": "application/json"}).status_code == 400
    large = api.post("/instances", data=b"x" * (2 * 2**20))
    assert (large.status_code, large.text) == (413, TOO_LARGE)


def test_requests_keeps_its_connection_after_every_status(api: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")

    statuses = [
        api.post("/instances", data={"plan": "nano"}).status_code,
        api.post("/instances", data={"plan": "nona"}).status_code,
        api.get("/instances", auth=("username", "wrong")).status_code,
        api.call("HEAD", "/instances/1").status_code,
        api.call("PATCH", "/instances/1").status_code,
        api.post("/instances", data="nano", headers={"Content-Type": "text/plain"}).status_code,
        api.delete("/instances/1").status_code,
        api.get("/instances/1").status_code,
    ]

    assert statuses == [201, 422, 401, 200, 405, 415, 200, 404]
    logged = [record.getMessage() for record in caplog.records if record.name == "urllib3.connectionpool"]
    assert len([line for line in logged if line.startswith("Starting new HTTP connection")]) == 1
    assert not [line for line in logged if line.startswith("Resetting dropped connection")]
