"""States as documents: what a person may leave out, what is filled in, and how mistakes are named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import MAX_MESSAGES, Invalid
from rtgmock.randomness import Randomness
from rtgmock.service import snapshot
from rtgmock.settings.config import Config
from rtgmock.settings.parsers import Credentials
from rtgmock.text import MB
from tests.support.clock import START
from tests.support.scaling import cpu_time

if TYPE_CHECKING:
    from rtgmock.storage.state import State
    from tests.conftest import Serve


def parsed(document: object, **settings: Any) -> State:
    config = Config(
        **{"state": None, "accounts": (Credentials("username", "password"), Credentials("b", "c")), **settings}
    )
    return snapshot.parse_state(document, config, Randomness(7), START)


def mistakes(document: object, **settings: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as refused:
        parsed(document, **settings)
    return refused.value.messages


def instances(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"instances": list(rows), **more}


def test_nothing_is_an_empty_state_with_the_configured_accounts() -> None:
    state = parsed({})

    assert (state.instances, state.servers, state.last_instance_id) == ((), {}, 0)
    assert state.accounts == {1: "username", 2: "b"}


def test_a_plan_alone_is_an_instance_as_a_create_makes_it(serve: Serve) -> None:
    api = serve()
    api.create()

    [made] = parsed(instances({"plan": "nano"})).instances

    assert made == api.emulator.store.instance(1)


def test_ids_and_ports_go_around_those_that_are_given() -> None:
    state = parsed(instances({"plan": "nano"}, {"plan": "nano", "id": 1, "port": 9001}, {"plan": "nano"}))

    assert [(one["id"], one["port"]) for one in state.instances] == [(2, 9002), (1, 9001), (3, 9003)]
    assert state.last_instance_id == 3


def test_given_attributes_are_kept() -> None:
    given = {
        "plan": "small",
        "label": "mongrel",
        "timeout": 3,
        "password": "sesame",
        "snapshots": ["60 1"],
        "slave": False,
    }

    [made] = parsed(instances(given)).instances

    assert given.items() <= made.items()
    assert made["memory"] == 100 * MB


def test_an_instance_of_another_account_is_given_by_its_name(serve: Serve) -> None:
    assert [
        one["user_id"] for one in parsed(instances({"plan": "nano"}, {"plan": "nano", "account": "b"})).instances
    ] == [1, 2]


def test_servers_fill_up_one_after_the_other() -> None:
    document = instances(*[{"plan": "nano"}] * 3, servers=[{"name": "ray", "memory": "10MB"}])

    state = parsed(document)

    assert [one["server_id"] for one in state.instances] == [1, 1, 2]
    assert state.servers[1].memory == 10 * MB
    assert state.instances[0]["label"] == "ray-9001"


def test_a_server_is_given_by_its_name_also_when_it_is_full() -> None:
    document = instances(*[{"plan": "nano", "server": "ray"}] * 3, servers=[{"name": "ray", "memory": "10MB"}, "cod"])

    assert [one["server_id"] for one in parsed(document).instances] == [1, 1, 1]


def test_what_the_api_answers_can_be_pasted(serve: Serve) -> None:
    api = serve()
    api.create(label="mongrel")
    listed = api.get("/instances.json").json()
    shown = api.get("/instances/1.json").json()

    assert [one["label"] for one in parsed({"instances": listed}).instances] == ["mongrel"]
    assert [one["label"] for one in parsed(instances(shown)).instances] == ["mongrel"]


def test_every_state_reads_as_what_it_was_written_from() -> None:
    state = parsed(instances({"plan": "nano"}, {"plan": "small", "account": "b", "server": "ray"}, servers=["ray"]))

    document = json.loads(json.dumps(snapshot.show_state(state)))

    assert parsed(document) == state
    assert snapshot.show_state(parsed(document)) == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], 'The state must be a JSON object, as {"instances": [{"plan": "nano"}]}'),
        ({"instance": []}, "instance is not known; did you mean instances?"),
        ({"format": 2}, "format is 2; accepted is 1"),
        ({"last_instance_id": -1}, "last_instance_id must be greater than or equal to 0"),
        ({"instances": {}}, "instances must be an array"),
        ({"instances": [1]}, "instances[0] must be an object"),
        ({"instances": [{"instance": 1}]}, "instances[0] must be an object"),
        (instances({}), "instances[0]: plan can't be blank: it is one of nano, mini, small"),
        (instances({"plan": "nono"}), "instances[0]: plan is not included in the list"),
        (instances({"plan": "nano", "lable": "x"}), "instances[0]: lable is not known; did you mean label?"),
        (instances({"plan": "nano", "timeout": "x"}), "instances[0]: timeout is not a number"),
        (instances({"plan": "nano", "id": 1}, {"plan": "nano", "id": 1}), "instances[1]: id 1 is another's"),
        (instances({"plan": "nano", "id": 0}), "instance 0: its id is 0"),
        (instances({"plan": "nano", "port": 9001}, {"plan": "nano", "port": 9001}), "two instances have the port 9001"),
        (instances({"plan": "nano", "account": "x"}), "instances[0]: account x is not known; accepted are username, b"),
        (instances({"plan": "nano", "server": "x"}, servers=["ray"]), "server x is not known; accepted are ray"),
        (
            instances({"plan": "nano", "server": "x"}),
            'server x is not known; the state has none: list it under "servers"',
        ),
        (
            instances({"plan": "nano", "server": ["ray"]}, servers=["ray"]),
            "server ['ray'] is not known; accepted are ray",
        ),
        (instances({"plan": "nano", "account": {}}), "account {} is not known; accepted are username, b"),
        (instances({"plan": "nano", "server_id": 7}, servers=["ray"]), "its server_id is 7, and servers has none"),
        ({"servers": [{"memory": 1}]}, "servers[0]: name can't be blank"),
        ({"servers": [{"name": "a", "memory": "much"}]}, "servers[0]: memory is not a size"),
        ({"servers": [{"name": "a", "memroy": 1}]}, "servers[0]: memroy is not known; did you mean memory?"),
        ({"servers": [{"name": "a", "id": 1}, {"name": "b", "id": 1}]}, "servers[1]: id 1 is another's"),
        ({"servers": ["a", "a"]}, "servers: two are called a"),
        ({"servers": ["n" * 250]}, "servers[0]: name is too long (maximum is 249 characters)"),
        ({"accounts": [{"name": ""}]}, "accounts[0]: name can't be blank"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(document: object, message: str) -> None:
    assert any(message in found for found in mistakes(document)), mistakes(document)


def test_all_mistakes_are_named_at_once() -> None:
    assert len(mistakes(instances({"plan": "x", "timeout": -1}, {"plan": "nano", "x": 1}, other=1))) == 4


MANY = 1000
PORTS = range(1000, 1000 + MANY)


@pytest.mark.parametrize(
    "document",
    [
        instances(*[{"plan": "nano", "user_id": 9}] * MANY),
        instances(*[{"plan": "nano", "server_id": 9}] * MANY, servers=["ray"]),
        instances(*[{"plan": "nano", "server": "cod"}] * MANY),
        instances(*[{"plan": "nano", "boot": 1}] * MANY),
        instances(*[{"plan": "nano", "id": 1}] * MANY),
        instances(*[{"plan": "nano", "port": 1}] * MANY),
        instances(*[{"plan": "nano", "x": 1}] * MANY),
        instances({f"x{number}": 1 for number in range(MANY)}),
        {"instances": [1] * MANY},
        {"servers": ["ray"] * MANY},
        {"accounts": [{"name": "c"}] * MANY},
    ],
    ids=["users", "servers", "names", "boots", "ids", "ports", "attributes", "one", "types", "equal", "accounts"],
)
def test_many_mistakes_take_a_fraction_of_the_time_of_as_many_instances(document: dict[str, Any]) -> None:
    right = cpu_time(lambda one: parsed(one, ports=PORTS), instances(*[{"plan": "nano"}] * MANY), least=0)

    # The best of several: a pass of the garbage collector takes longer than all of this.
    assert min(cpu_time(lambda one: mistakes(one, ports=PORTS), document, least=0) for _ in range(5)) < right / 3
    assert 1 <= len(mistakes(document, ports=PORTS)) <= MAX_MESSAGES + 1


def test_the_longest_name_of_a_server_leaves_room_for_a_port_in_a_label(serve: Serve) -> None:
    api = serve(ports=range(65535, 65536))
    api.put("/_rtgmock/state", json={"servers": ["n" * 249]})

    label = api.create()["label"]

    assert label == "n" * 249 + "-65535"
    assert parsed(instances({"plan": "nano", "label": label})).instances[0]["label"] == label


def test_an_instance_needs_an_account() -> None:
    assert mistakes(instances({"plan": "nano"}), accounts=()) == (
        'instances[0]: account is missing; the state has none: list it under "accounts"',
    )


def test_no_port_left_is_a_mistake() -> None:
    assert mistakes(instances({"plan": "nano"}, {"plan": "nano"}), ports=range(9001, 9002)) == (
        "instances[1]: no port is left in 9001-9001",
    )
