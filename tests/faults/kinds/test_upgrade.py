"""Upgrades that fail as if their server were full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_an_upgrade_fails_as_on_a_server_that_is_full(serve: Serve, extension: str) -> None:
    api, full = serve(), serve(server_memory=5 * 2**20)
    assert api.create()["label"] == full.create()["label"]
    before = api.get("/instances/1.json").json()
    with api.emulator.fail("PUT", upgrade=True):
        answer = api.put(f"/instances/1.{extension}", data={"plan": "small"})

    assert answer.status_code == 422
    assert answer.content == full.put(f"/instances/1.{extension}", data={"plan": "small"}).content
    assert b"95 MB more are needed" in answer.content
    assert answer.headers["X-Rtgmock-Fault"] == api.log[-1]["fault"] == "1"
    assert api.get("/instances/1.json").json() == before


def test_the_rule_counts_only_upgrades_that_there_is_room_for(api: Served) -> None:
    api.create(plan="mini")
    fault = api.emulator.fail(upgrade="no room", times=1)
    for change in ({"plan": "mini"}, {"timeout": "9"}, {"plan": "nano"}):
        assert api.put("/instances/1.json", data=change).status_code == 200
    assert api.put("/instances/9.json", data={"plan": "small"}).status_code == 404
    assert (fault.matched, fault.applied) == (0, 0)

    assert [api.put("/instances/1.json", data={"plan": "small"}).status_code for _ in range(2)] == [422, 200]
    assert (fault.matched, fault.applied) == (2, 1)


def test_an_upgrade_without_room_needs_no_fault(serve: Serve) -> None:
    api = serve(server_memory=5 * 2**20)
    api.create()
    fault = api.emulator.fail(upgrade=True)

    assert api.put("/instances/1.json", data={"plan": "small"}).status_code == 422
    assert fault.matched == 0


def test_an_upgrade_that_another_fault_applies_to_is_only_counted(api: Served) -> None:
    api.create()
    first, second = api.emulator.fail(content_type="text/plain"), api.emulator.fail(upgrade=True)

    assert api.put("/instances/1.json", data={"plan": "mini"}).status_code == 200
    assert (first.applied, second.matched, second.applied) == (1, 1, 0)
