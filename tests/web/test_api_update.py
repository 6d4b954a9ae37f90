"""PUT and DELETE: upgrades, settings, what is ignored, what is refused and leaves everything as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.attributes import ATTRIBUTES, DOCUMENTED, Role, changeable

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

MB = 2**20

# For every setting a value that isn't its default, and one that is refused with which message.
SETTINGS: dict[str, tuple[Any, Any, str]] = {
    "label": ("mongrel", "", "Label can't be blank"),
    "persistence": ("none", "sometimes", "Persistence is not included in the list"),
    "master_password": ("secret", "a\u0007b", "Master password is invalid"),
    "slave": (True, "perhaps", "Slave is not included in the list"),
    "timeout": (0, 2**31, "Timeout must be less than or equal to 2147483647"),
    "databases": (16, 0, "Databases must be greater than 0"),
    "memory_limit_notification": (True, None, "Memory limit notification can't be blank"),
    "hash_max_zipmap_value": (1024, -1, "Hash max zipmap value must be greater than or equal to 0"),
    "hash_max_zipmap_entries": (0, 1.5, "Hash max zipmap entries must be an integer"),
    "snapshots": (["60 1"], ["60"], 'Snapshots is invalid: each entry must be "seconds changes", as "900 1"'),
    "activerehashing": (False, 2, "Activerehashing is not included in the list"),
    "appendfsync": ("always", "often", "Appendfsync is not included in the list"),
    "master_host": ("10.0.0.1", ["10.0.0.1"], "Master host is invalid"),
    "password": ("open sesame", "x" * 256, "Password is too long (maximum is 255 characters)"),
    "master_port": ("6379", "70000", "Master port must be less than or equal to 65535"),
}
MASTER = {"master_host": "10.0.0.1", "master_port": "6379"}


def test_the_cases_cover_every_setting() -> None:
    assert set(SETTINGS) == {attribute.name for attribute in changeable(DOCUMENTED) if attribute.role is Role.SETTING}


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_changes_and_nothing_else(api: Served, name: str, extension: str) -> None:
    before = api.create(**(MASTER if name == "slave" else {}))
    api.clock.advance(60)
    value = SETTINGS[name][0]

    answer = api.put(f"/instances/1.{extension}", json={name: value})

    assert answer.status_code == 200, answer.text
    expected = {**before, "status": "running", name: value, "updated_at": "2010-12-20T00:36:22Z"}
    if name == "password":
        expected["url"] = before["url"].replace(before["password"], "open%20sesame")
    assert api.get("/instances/1.json").json() == expected


@pytest.mark.parametrize("name", SETTINGS)
def test_one_refused_value_and_nothing_of_the_request_is_applied(api: Served, name: str) -> None:
    api.create()
    before = api.get("/instances/1.json").json()
    _, refused, message = SETTINGS[name]
    fine = "timeout" if name != "timeout" else "databases"

    answer = api.put("/instances/1.json", json={fine: 7, name: refused})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 1
    assert answer.json()["errors"][0].startswith(message)
    assert api.get("/instances/1.json").json() == before


def test_an_upgrade_keeps_who_and_where_the_instance_is(api: Served) -> None:
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


def test_an_upgrade_fails_for_want_of_space_and_changes_nothing(serve: Serve) -> None:
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


@pytest.mark.parametrize(
    "name", [attribute.name for attribute in ATTRIBUTES if attribute.role in {Role.READ_ONLY, Role.DERIVED}]
)
def test_a_read_only_attribute_is_ignored_and_reported_when_it_differs(api: Served, name: str) -> None:
    api.create()
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={name: "elsewhere", "label": before["label"]})

    assert answer.status_code == 200
    assert answer.json() == before
    assert answer.headers["X-Rtgmock-Ignored"] == name
    assert api.log[-1]["ignored"] == name


def test_a_read_only_attribute_in_other_words_does_not_differ(api: Served) -> None:
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
def test_an_update_without_any_attribute_is_refused_by_what_came(
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


def test_markup_and_other_alphabets_come_back_as_they_went(api: Served) -> None:
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
