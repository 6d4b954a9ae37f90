"""``PUT`` and ``DELETE``: upgrades, ignored and refused attributes; a refusal changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.lifecycle import BootDelay
from tests.support.setting_cases import MASTER

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

MB = 2**20


def test_an_upgrade_changes_only_what_follows_the_plan(api: Served) -> None:
    before = api.create(label="mongrel")
    api.clock.advance(1)
    after = api.put("/instances/1.json", data={"plan": "small"}).json()

    assert after == {
        **before,
        "status": "running",
        "plan": "small",
        "memory": 104857600,
        "connections": 256,
        "vm_max_memory": 94371840,
        "updated_at": "2010-12-20T00:35:23Z",
    }


def test_a_smaller_plan_is_allowed(api: Served) -> None:
    api.create(plan="small")
    assert api.put("/instances/1.json", data={"plan": "nano"}).json()["memory"] == 5 * MB


def test_an_upgrade_without_enough_space_fails_and_changes_nothing(serve: Serve) -> None:
    api = serve(server_memory=110 * MB)
    api.create()
    api.create(plan="mini")
    before = api.get("/instances.json").json()

    answer = api.put("/instances/1.json", data={"plan": "small"})

    assert answer.status_code == 422
    server = before[0]["instance"]["label"].partition("-")[0]
    assert answer.json() == {
        "errors": [f"Plan can't be changed to small: the server {server} has 85 MB free, and 95 MB more are needed"]
    }
    assert api.get("/instances.json").json() == before
    api.delete("/instances/2")
    assert api.put("/instances/1.json", data={"plan": "small"}).status_code == 200


def test_a_plan_and_a_setting_together_are_refused(api: Served) -> None:
    api.create()
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={"plan": "mini", "timeout": 30, "label": "x"})

    assert answer.status_code == 422
    message = "Plan can't be changed together with label, timeout; send them in two requests"
    assert answer.json() == {"errors": [message]}
    assert api.get("/instances/1.json").json() == before


def test_a_plan_that_is_the_present_one_is_no_change(api: Served) -> None:
    api.create()
    answer = api.put("/instances/1.json", json={"plan": "nano", "timeout": 30})

    assert answer.status_code == 200
    assert (answer.json()["plan"], answer.json()["timeout"]) == ("nano", 30)


def test_a_setting_that_is_the_present_one_is_no_change(api: Served) -> None:
    api.create()
    assert api.put("/instances/1.json", json={"plan": "mini", "timeout": "150"}).status_code == 200


def test_a_save_that_changes_nothing_leaves_updated_at(api: Served) -> None:
    api.create()
    before = api.get("/instances/1.json").json()
    api.clock.advance(60)

    answer = api.put("/instances/1.json", json=before)

    assert answer.status_code == 200
    assert answer.json() == before
    assert "X-Rtgmock-Ignored" not in answer.headers


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_a_save_of_what_the_create_answered_has_nothing_to_report(serve: Serve, extension: str) -> None:
    api = serve(boot_delay=BootDelay(seconds=1))
    made = api.post(f"/instances.{extension}", data={"plan": "nano"})
    headers = {"Content-Type": made.headers["Content-Type"]}

    for seconds in (0, 1):
        api.clock.advance(seconds)
        saved = api.put(f"/instances/1.{extension}", data=made.content, headers=headers)
        assert saved.status_code == 200
        assert "X-Rtgmock-Ignored" not in saved.headers


def test_a_status_that_the_instance_has_not_had_yet_is_reported(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(seconds=1))
    api.create()

    for status in ("running", "failed", "gone"):
        assert api.put("/instances/1.json", json={"status": status}).headers["X-Rtgmock-Ignored"] == "status"


def test_a_read_only_attribute_in_another_notation_does_not_differ(api: Served) -> None:
    api.create()
    same = {"id": "1", "created_at": "2010-12-20T01:35:22+01:00", "vm_enabled": "false", "last_backup_at": None}

    answer = api.put("/instances/1.json", json=same)

    assert answer.status_code == 200
    assert "X-Rtgmock-Ignored" not in answer.headers


def test_what_a_create_ignores_is_reported_as_well(api: Served) -> None:
    answer = api.post("/instances.json", json={"plan": "nano", "port": 7000, "region": "us", "bad\r\nname": 1})

    assert answer.status_code == 201
    assert answer.json()["port"] == 9001
    assert answer.headers["X-Rtgmock-Ignored"] == "port, region, (no name)"


@pytest.mark.parametrize(
    ("body", "came", "hint"),
    [
        ({"region": "us"}, "region", None),
        ({}, "nothing", None),
        ({"tiemout": 3, "size": 1}, "tiemout, size", "tiemout is not an attribute; did you mean timeout?"),
    ],
)
def test_an_update_without_any_attribute_is_refused_with_the_names_that_were_sent(
    api: Served, body: dict[str, Any], came: str, hint: str | None
) -> None:
    api.create()
    answer = api.put("/instances/1.json", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0].startswith(f"No attribute to update: got {came}; accepted are label, persistence")
    assert answer.headers.get("X-Rtgmock-Hint") == hint


def test_a_replica_must_know_its_master(api: Served) -> None:
    api.create()
    answer = api.put("/instances/1.json", json={"slave": True})

    assert answer.status_code == 422
    assert answer.json() == {"errors": ["Master host can't be blank", "Master port can't be blank"]}
    answer = api.put("/instances/1.json", json={"slave": True, **MASTER, "master_port": 6379})
    assert answer.status_code == 200
    assert answer.json()["master_port"] == "6379"
    assert api.put("/instances/1.json", json={"master_host": None}).status_code == 422
    assert api.post("/instances.json", json={"plan": "nano", "slave": True}).status_code == 422
    assert len(api.get("/instances.json").json()) == 1


def test_markup_and_other_alphabets_are_returned_unchanged(api: Served) -> None:
    label = "<b>&amp; \"Größe\" 'ロブスター' \U0001f980</b>"
    api.create(label=label)

    assert api.get("/instances/1.json").json()["label"] == label
    document = api.get("/instances/1.xml").text
    saved = api.put("/instances/1.xml", data=document.encode(), headers={"Content-Type": "application/xml"})
    assert saved.status_code == 200
    assert saved.text == document


@pytest.mark.parametrize("extension", ["", ".json", ".xml"])
def test_a_delete_answers_200_without_a_body_and_the_id_is_gone(api: Served, extension: str) -> None:
    api.create()
    answer = api.delete(f"/instances/1{extension}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == "0"
    for method in ("GET", "PUT", "DELETE"):
        assert api.call(method, f"/instances/1{extension}").status_code == 404


ENCODED = "{} is percent-encoded in URLs, and not all clients decode it; letters, digits and -._~ stay as they are"


@pytest.mark.parametrize(
    ("password", "is_encoded"), [("pass/word", True), ("ä", True), ("a b", True), ("aZ0-._~", False)]
)
def test_a_password_that_must_be_encoded_is_warned_of_where_it_is_set(
    api: Served, password: str, is_encoded: bool
) -> None:
    hint = ENCODED.format("the password") if is_encoded else None

    made = api.post("/instances.json", json={"plan": "nano", "password": password})
    other = api.post("/instances.json", json={"plan": "nano"})
    changed = api.put("/instances/2.json", json={"password": password})
    saved = api.put("/instances/2.json", json=changed.json())
    shown = api.get("/instances/2.json")

    assert [answer.status_code for answer in (made, other, changed, saved, shown)] == [201, 201, 200, 200, 200]
    assert [made.headers.get("X-Rtgmock-Hint"), changed.headers.get("X-Rtgmock-Hint")] == [hint, hint]
    assert not {"X-Rtgmock-Hint"} & {*other.headers, *saved.headers, *shown.headers}
    assert [entry.get("hint") for entry in api.log] == [hint, None, hint, None, None]
    assert api.emulator.requests[0].hint == hint


def test_an_accounts_name_that_must_be_encoded_is_warned_of_at_a_create(serve: Serve) -> None:
    api = serve(accounts=[("a@b", "secret")])

    made = api.post("/instances.json", json={"plan": "nano"})

    assert made.headers["X-Rtgmock-Hint"] == ENCODED.format("the account's name")


def test_a_wrong_request_has_the_hint_of_its_mistake(api: Served) -> None:
    answer = api.post("/instances.json", json={"plam": "nano", "password": "a b"})

    assert answer.headers["X-Rtgmock-Hint"] == "plam is not an attribute; did you mean plan?"
