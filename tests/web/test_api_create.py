"""``POST /instances``: the values of a new instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.model.plans import PLANS, Plan

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


def test_a_plan_is_all_that_a_create_needs(api: Served) -> None:
    answer = api.post("/instances.json", data={"plan": "nano"})

    assert answer.status_code == 201
    assert answer.reason == "Created"
    assert answer.headers["Location"] == "/instances/1.json"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    made = answer.json()
    assert made["id"] == 1
    assert made["status"] == "new"
    assert made["port"] == 9001
    assert made["label"].endswith("-9001")
    assert made["created_at"] == made["updated_at"] == "2010-12-20T00:35:22Z"
    assert len(made["password"]) == 32
    assert made["url"] == f"redis://username:{made['password']}@127.0.0.1:9001/"
    assert made["hostname"] == "127.0.0.1"
    assert api.get("/instances/1.json").json() == {**made, "status": "running"}


@pytest.mark.parametrize(("path", "location"), [("/instances", "/instances/1"), ("/instances.xml", "/instances/1.xml")])
def test_the_location_has_the_extension_of_the_request(api: Served, path: str, location: str) -> None:
    assert api.post(path, data={"plan": "nano"}).headers["Location"] == location


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_a_plan_gives_memory_connections_and_persistence(api: Served, plan: Plan) -> None:
    made = api.create(plan=plan.name)

    assert made["memory"] == plan.memory
    assert made["connections"] == plan.connections
    assert made["vm_max_memory"] == plan.memory * 9 // 10
    assert made["persistence"] == ("snapshot" if plan.name == "nano" else "aof")


def test_settings_may_come_with_a_create(api: Served) -> None:
    made = api.create(label="mongrel", timeout="30", snapshots=["60  1"], password="secret word")

    assert made["label"] == "mongrel"
    assert made["timeout"] == 30
    assert made["snapshots"] == ["60 1"]
    assert made["url"] == "redis://username:secret%20word@127.0.0.1:9001/"


def test_an_id_is_never_given_twice(api: Served) -> None:
    first = api.create()
    api.delete(f"/instances/{first['id']}.json")

    assert api.create()["id"] == first["id"] + 1
    assert api.create()["port"] == first["port"] + 1


def test_a_port_is_free_again_after_a_delete_and_none_is_left_beyond_the_range(serve: Serve) -> None:
    api = serve(ports=range(9001, 9003))
    api.create()
    api.create()

    full = api.post("/instances.json", json={"plan": "nano"})
    assert full.status_code == 422
    assert full.json()["errors"][0].startswith("Port can't be assigned: all of 9001-9002 are taken")
    api.delete("/instances/1")
    assert api.create()["port"] == 9001


def test_a_plan_larger_than_a_server_has_no_room(serve: Serve) -> None:
    api = serve(server_memory=64 * 2**20)

    answer = api.post("/instances.json", json={"plan": "small"})
    assert answer.status_code == 422
    assert answer.json() == {
        "errors": ["Plan small needs 100 MB, and a server has 64 MB; restart with a larger --server-memory"]
    }
    assert api.get("/instances.json").json() == []


def test_a_new_server_is_opened_when_the_last_one_is_full(serve: Serve) -> None:
    api = serve(server_memory=10 * 2**20)
    made = [api.create() for _ in range(5)]

    assert [instance["server_id"] for instance in made] == [1, 1, 2, 2, 3]
    names = [instance["label"].partition("-")[0] for instance in made]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_a_seed_makes_every_value_repeat(serve: Serve) -> None:
    one, same, other = serve(random_seed=1), serve(random_seed=1), serve(random_seed=2)
    ours = [one.create() for _ in range(3)]

    assert ours == [same.create() for _ in range(3)]
    assert {made["password"] for made in ours}.isdisjoint(other.create()["password"] for _ in range(3))


def test_without_a_seed_passwords_differ(serve: Serve) -> None:
    assert serve(random_seed=None).create()["password"] != serve(random_seed=None).create()["password"]
