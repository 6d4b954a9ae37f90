"""The instances that ``--instance`` names: there from the start, made once, back after a reset, or refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock import Emulator
from rtgmock.errors import StartupError
from rtgmock.settings.config import Config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served

STATE = "state.json"


def listed(api: Served) -> list[tuple[int, str, int, str]]:
    """What the API lists: id, plan, port and password."""
    rows = [row["instance"] for row in api.get("/instances.json").json()]
    return [(row["id"], row["plan"], row["port"], row["password"]) for row in rows]


def test_it_is_there_with_its_password_and_port(serve: Serve) -> None:
    api = serve(instances="small:secret@9044")

    [(number, plan, port, password)] = listed(api)
    shown = api.get("/instances/1.json").json()

    assert (number, plan, port, password) == (1, "small", 9044, "secret")
    assert (shown["status"], shown["label"].rpartition("-")[2]) == ("running", "9044")
    assert api.emulator.instances == [shown]


def test_without_a_password_and_a_port_both_are_assigned(serve: Serve) -> None:
    [(_, plan, port, password)] = listed(serve(instances=["nano"]))

    assert (plan, port) == ("nano", 9001)
    assert re.fullmatch(r"[0-9a-f]{32}", password)


def test_ports_that_are_given_are_kept_free_from_the_others(serve: Serve) -> None:
    api = serve(instances=["nano", "mini@9001", "nano:secret@9002", "nano"])

    assert sorted((port, plan) for _, plan, port, _ in listed(api)) == [
        (9001, "mini"),
        (9002, "nano"),
        (9003, "nano"),
        (9004, "nano"),
    ]
    assert [one["port"] for one in api.emulator.instances] == [9003, 9001, 9002, 9004]


def test_a_port_outside_of_the_range_may_be_given(serve: Serve) -> None:
    api = serve(instances="nano@6379", ports="9001-9002")

    assert [port for _, _, port, _ in listed(api)] == [6379]
    assert api.create()["port"] == 9001


def test_it_does_not_boot(serve: Serve) -> None:
    api = serve(instances="nano", boot_delay="5reads")

    assert api.get("/instances/1.json").json()["status"] == "running"
    assert api.create()["id"] == 2
    assert api.get("/instances/2.json").json()["status"] == "starting"


def test_it_belongs_to_the_first_account(serve: Serve) -> None:
    api = serve(instances="nano", accounts=["ann:a1", "bob:b2"])

    assert len(listed(api)) == 1
    assert api.get("/instances.json", auth=("bob", "b2")).json() == []


@pytest.mark.parametrize("wanted", ["nano", "nano:secret", "nano@9005", "nano:secret@9005", ["nano", "nano:secret"]])
def test_a_restart_makes_no_second_one(serve: Serve, tmp_path: Path, wanted: Any) -> None:
    first = serve(state=tmp_path / STATE, instances=wanted)
    before = listed(first)
    first.close()

    again = serve(state=tmp_path / STATE, instances=wanted)

    assert listed(again) == before
    assert len(before) == (2 if isinstance(wanted, list) else 1)
    assert [one["id"] for one in again.emulator.instances] == [one["id"] for one in first.emulator.instances]


def test_one_that_was_created_before_is_the_wanted_one(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / STATE)
    first.create(plan="mini")
    made = first.create(plan="nano")
    first.close()

    again = serve(state=tmp_path / STATE, instances="nano")

    assert len(listed(again)) == 2
    assert [one["url"] for one in again.emulator.instances] == [made["url"]]


def test_one_that_was_deleted_is_made_again(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / STATE, instances="nano:secret@9001")
    first.delete("/instances/1.json")
    assert first.emulator.instances == []
    first.close()

    assert listed(serve(state=tmp_path / STATE, instances="nano:secret@9001")) == [(2, "nano", 9001, "secret")]


def test_another_accounts_instance_is_not_the_wanted_one(serve: Serve, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"state": tmp_path / STATE, "accounts": ["ann:a1", "bob:b2"]}
    first = serve(**settings)
    first.create(plan="nano")
    first.close()

    again = serve(**settings | {"accounts": ["bob:b2", "ann:a1"], "instances": "nano"})

    assert [port for _, _, port, _ in listed(again)] == [9002]


def test_a_reset_brings_it_back_with_the_same_url(serve: Serve) -> None:
    api = serve(instances=["nano", "mini:secret@9044"])
    before, urls = listed(api), [one["url"] for one in api.emulator.instances]
    api.create()
    api.put("/instances/1.json", json={"password": "changed"})
    api.delete("/instances/2.json")

    for _ in range(2):
        api.post("/_rtgmock/reset", headers={"Content-Type": "application/json"})
        assert listed(api) == before
        assert [one["url"] for one in api.emulator.instances] == urls
    assert api.create()["id"] == 3


def test_a_state_that_is_put_has_what_is_in_it_until_the_next_start(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / STATE, instances="nano:secret@9001")
    answer = first.put("/_rtgmock/state", json={"instances": [{"plan": "mini", "port": 9003}]})
    assert answer.status_code == 200
    assert [port for _, _, port, _ in listed(first)] == [9003]
    assert first.emulator.instances == []
    first.close()

    again = serve(state=tmp_path / STATE, instances="nano:secret@9001")
    assert [port for _, _, port, _ in listed(again)] == [9003, 9001]


def fixture(folder: Path, *instances: dict[str, Any], **more: Any) -> Path:
    (folder / "fixture.json").write_text(json.dumps({"instances": instances, **more}))
    return folder / "fixture.json"


def test_a_fixture_has_its_own_instances_first(serve: Serve, tmp_path: Path) -> None:
    path = fixture(tmp_path, {"id": 7, "plan": "mini", "port": 9001, "password": "p"}, last_instance_id=11)
    api = serve(fixture=path, instances="nano:secret")
    expected = [(7, "mini", 9001, "p"), (12, "nano", 9002, "secret")]

    assert listed(api) == expected
    api.emulator.reset()
    assert listed(api) == expected


def test_an_instance_of_the_fixture_may_be_the_wanted_one(serve: Serve, tmp_path: Path) -> None:
    path = fixture(tmp_path, {"plan": "nano", "label": "mongrel", "port": 9005})
    api = serve(fixture=path, instances="nano@9005")

    for _ in range(2):
        assert [one["label"] for one in api.emulator.instances] == ["mongrel"]
        api.emulator.reset()


def test_a_port_that_the_fixture_has_got_is_not_taken_from_it(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / STATE)
    first.create(plan="mini")
    first.close()
    path = fixture(tmp_path, {"plan": "small", "port": 9001})
    api = serve(state=tmp_path / STATE, fixture=path, instances="mini")
    assert [one["port"] for one in api.emulator.instances] == [9001]

    api.emulator.reset()

    assert [(plan, port) for _, plan, port, _ in listed(api)] == [("small", 9001), ("mini", 9002)]


def refusal(folder: Path, **settings: Any) -> str:
    """Return why an emulator does not start, in one line without the password."""
    with pytest.raises(StartupError) as refused:
        Emulator(Config(**{"port": 0, "state": folder / STATE, "redis": "off", **settings})).start()
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (
            "nano:secret@9001",
            (
                "--instance nano@9001 contradicts the state: on the port 9001 is instance 1 with the plan mini; "
                "write --instance mini@9001, or start with another state: --state FILE"
            ),
        ),
        (
            "mini:secret2@9001",
            (
                "--instance mini@9001 contradicts the state: on the port 9001 is instance 1 with another password; "
                "write --instance mini@9001 to keep that password, or delete the instance, "
                "or start with another state: --state FILE"
            ),
        ),
        (
            "nano@9002",
            (
                "--instance nano@9002 contradicts the state: on the port 9002 is instance 2 of another account; "
                "choose another port, or start with another state: --state FILE"
            ),
        ),
    ],
)
def test_what_contradicts_the_state_is_refused(serve: Serve, tmp_path: Path, wanted: str, problem: str) -> None:
    accounts = ["username:password", "bob:b2"]
    first = serve(state=tmp_path / STATE, accounts=accounts, instances="mini:secret@9001")
    first.post("/instances.json", json={"plan": "nano"}, auth=("bob", "b2"))
    first.close()

    assert refusal(tmp_path, accounts=accounts, instances=["large", wanted]) == problem
    assert len(listed(serve(state=tmp_path / STATE, accounts=accounts))) == 1  # and nothing was made


def test_what_contradicts_the_fixture_is_refused_before_it_is_loaded(serve: Serve, tmp_path: Path) -> None:
    path = fixture(tmp_path, {"plan": "mini", "port": 9001})

    assert "on the port 9001 is instance 1 with the plan mini" in refusal(
        tmp_path, fixture=path, instances="nano:secret@9001"
    )
    assert listed(serve(state=tmp_path / STATE)) == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"instances": "mega", "server_memory": "10MB"}, "Plan mega needs 20 GB, and a server has 10 MB; restart with"),
        ({"instances": ["nano", "nano:secret"], "ports": "9001"}, "Port can't be assigned: all of 9001-9001 are taken"),
    ],
)
def test_what_has_no_room_is_refused(tmp_path: Path, settings: dict[str, Any], problem: str) -> None:
    said = refusal(tmp_path, **settings)

    assert f"(--instance) is not available: {problem}" in said


def test_two_may_be_alike_but_for_their_port(serve: Serve) -> None:
    assert len(listed(serve(instances=["nano:secret", "nano:secret"]))) == 2
    with pytest.raises(ValueError, match="two instances have the port 9001; give each its own"):
        Config(instances=["nano@9001", "mini@9001"])


def test_an_emulator_that_is_started_again_has_it_again(serve: Serve) -> None:
    api = serve(instances="nano:secret@9001")
    api.emulator.stop()
    api.emulator.start()

    assert listed(api) == [(1, "nano", 9001, "secret")]


def test_a_reset_of_its_account_brings_it_back_beside_the_instances_of_others(serve: Serve, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"state": tmp_path / STATE, "accounts": ["ann:a1", "bob:b2"]}
    first = serve(**settings)
    first.post("/instances.json", json={"plan": "nano"}, auth=("bob", "b2"))
    first.close()
    api = serve(**settings, instances=["nano:secret", "mini"])
    before, others = listed(api), api.get("/instances.json", auth=("bob", "b2")).json()
    assert [number for number, *_ in before] == [2, 3]
    api.delete("/instances/2.json")
    api.create()

    for _ in range(2):
        answer = api.post("/_rtgmock/reset", json={"account": "ann"})
        assert answer.status_code == 200, answer.text
        assert listed(api) == before
        assert api.get("/instances.json", auth=("bob", "b2")).json() == others


def test_a_reset_of_a_kept_state_leaves_it_its_id(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / STATE)
    for plan in ("mini", "mini", "nano"):
        first.create(plan=plan)
    first.close()
    path = fixture(tmp_path, {"plan": "small"}, {"plan": "small"})
    settings: dict[str, Any] = {"state": tmp_path / STATE, "instances": ["nano", "mini"]}

    api = serve(**settings)
    api.emulator.reset()
    assert [(number, plan, port) for number, plan, port, _ in listed(api)] == [(3, "nano", 9003), (1, "mini", 9001)]
    assert api.create()["id"] == 4
    api.close()
    api = serve(**settings, fixture=path)
    api.emulator.reset()
    assert sorted((number, plan) for number, plan, *_ in listed(api)) == [
        (1, "small"),
        (2, "small"),
        (3, "nano"),
        (4, "mini"),
    ]


def test_an_id_that_no_document_may_have_is_not_kept(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / STATE)
    first.put("/_rtgmock/state", json={"last_instance_id": 10**12})
    first.close()
    api = serve(state=tmp_path / STATE, instances="nano:secret@9044")
    assert listed(api) == [(10**12 + 1, "nano", 9044, "secret")]

    api.emulator.reset()

    assert listed(api) == [(1, "nano", 9044, "secret")]


def test_its_port_is_given_to_others_last(serve: Serve, tmp_path: Path) -> None:
    """Otherwise the next start would find another instance there, and refuse."""
    settings: dict[str, Any] = {"state": tmp_path / STATE, "instances": "nano:secret@9001", "ports": "9001-9002"}
    api = serve(**settings)
    api.delete("/instances/1.json")
    assert [api.create(plan="mini")["port"] for _ in range(2)] == [9002, 9001]
    api.delete("/instances/3.json")
    api.close()

    assert [port for *_, port, _ in listed(serve(**settings))] == [9002, 9001]
