"""``POST reset`` of one account, over HTTP: what is reset, what is answered, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.emulator import Emulator
from rtgmock.errors import Invalid
from tests.support.control import control

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(accounts="any")


def create(api: Served, name: str) -> dict[str, Any]:
    answer = api.post("/instances.json", json={"plan": "nano"}, auth=(name, "x"))
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def ids(api: Served, name: str) -> list[int]:
    return [item["instance"]["id"] for item in api.get("/instances.json", auth=(name, "x")).json()]


def test_the_instances_faults_and_requests_of_one_account_go(api: Served) -> None:
    for name in ("ann", "bob"):
        create(api, name)
    rules = [{"status": 503, "account": name, "path": "/x"} for name in ("ann", "bob")]
    control(api, "POST", "faults", [*rules, {"status": 503, "path": "/y"}])
    control(api, "POST", "clock", {"freeze": True})

    answer = control(api, "POST", "reset", {"account": "ann"})

    assert (answer.status_code, answer.json()["instances"]) == (200, [])
    assert (ids(api, "ann"), ids(api, "bob")) == ([], [2])
    assert [fault["id"] for fault in control(api, "GET", "faults").json()["faults"]] == [2, 3]
    journal = control(api, "GET", "requests").json()["requests"]
    assert [(entry["account"], entry["method"]) for entry in journal] == [
        ("bob", "POST"),
        ("ann", "GET"),
        ("bob", "GET"),
    ]
    assert control(api, "GET", "clock").json()["frozen"] is True
    assert create(api, "ann")["id"] == 3


def test_the_answer_is_what_the_account_has_now(serve: Serve, tmp_path: Path) -> None:
    rows = [{"plan": "nano", "account": "ann", "label": "mine"}, {"plan": "nano", "account": "bob"}]
    (tmp_path / "fixture.json").write_text(json.dumps({"instances": rows}))
    api = serve(accounts="any", fixture=tmp_path / "fixture.json")
    api.delete("/instances/1.json", auth=("ann", "x"))
    create(api, "ann")

    answer = control(api, "POST", "reset", {"account": "ann"}).json()

    assert [(one["id"], one["label"]) for one in answer["instances"]] == [(1, "mine")]
    assert [account["name"] for account in answer["accounts"]] == ["ann"]
    assert [server["id"] for server in answer["servers"]] == [answer["instances"][0]["server_id"]]
    assert control(api, "PUT", "state", answer).status_code == 200
    assert ids(api, "ann") == [1]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"account": None}, ["account can't be blank"]),
        ({"account": ""}, ["account can't be blank"]),
        ({"account": ["ann"]}, ["account is invalid: it must be a string"]),
        ({"acount": "ann"}, ["acount is not known; did you mean account?"]),
        ({"account": "n" * 256}, ["account is too long (maximum is 255 characters)"]),
    ],
)
def test_a_mistake_resets_nothing(api: Served, body: dict[str, Any], messages: list[str]) -> None:
    create(api, "ann")

    answer = control(api, "POST", "reset", body)

    assert (answer.status_code, answer.json()) == (422, {"errors": messages})
    assert ids(api, "ann") == [1]


@pytest.mark.parametrize("body", [b"[]", b'"ann"', b"{", b"account=ann"])
def test_a_body_that_is_no_object_resets_nothing(api: Served, body: bytes) -> None:
    create(api, "ann")

    assert control(api, "POST", "reset", data=body).status_code == 400
    assert ids(api, "ann") == [1]


def test_an_unknown_account_is_named(serve: Serve) -> None:
    api = serve(accounts=("ann:x", "bob:y"))

    answer = control(api, "POST", "reset", {"account": "eve"})

    assert answer.json() == {"errors": ["account eve is not known; accepted are ann, bob"]}
    assert control(api, "POST", "reset", {"account": "bob"}).status_code == 200


@pytest.mark.parametrize("name", [7, "7", "any", "a/b '"])
def test_a_name_may_be_a_number_or_anything(api: Served, name: int | str) -> None:
    create(api, str(name))

    assert control(api, "POST", "reset", {"account": name}).status_code == 200
    assert ids(api, str(name)) == []


def test_nothing_of_the_old_instances_is_shown_afterwards(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "fixture.json").write_text('{"instances": [{"plan": "nano", "account": "ann"}]}')
    api = serve(accounts="any", fixture=tmp_path / "fixture.json", random_seed=None)
    shown = [api.get(f"/instances{path}", auth=("ann", "x")).text for path in (".json", "/1.json", ".xml")]
    api.put("/instances/1.json", json={"label": "changed"}, auth=("ann", "x"))

    control(api, "POST", "reset", {"account": "ann"})

    after = [api.get(f"/instances{path}", auth=("ann", "x")).text for path in (".json", "/1.json", ".xml")]
    assert "changed" not in "".join(after)
    assert [one == two for one, two in zip(shown, after, strict=True)] == [False] * 3  # it has another password


def test_in_python() -> None:
    with Emulator(accounts=["any", "bob:builder"]) as emulator:
        emulator.create(plan="nano")
        emulator.fail("GET", account="ann", status=503)

        emulator.reset("ann")
        assert (len(emulator.faults), len(emulator.instances), len(emulator.store.instances())) == (0, 0, 1)
        emulator.reset(account="bob")
        assert emulator.store.instances() == []

    with Emulator() as emulator, pytest.raises(Invalid, match="account ann is not known; accepted are username"):
        emulator.reset(account="ann")
