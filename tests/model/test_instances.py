"""The records of instances: what a new one has, what an upgrade changes, and what the state file may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.attributes import APIS, ASSIGNED, BY_NAME, DOCUMENTED, RECORDED, STORED, Role, known
from rtgmock.model.instances import default_label, follow_plan, new_instance, record_problems
from rtgmock.model.plans import PLANS, Plan
from tests.support.samples import sample_values
from tests.support.values import each, record

if TYPE_CHECKING:
    from rtgmock.model.attributes import Attribute
    from rtgmock.model.types import Record


def assigned(**values: Any) -> Record:
    """Return a value for everything that the service assigns."""
    return {attribute.name: record()[attribute.name] for attribute in ASSIGNED} | values


@pytest.mark.parametrize("api", APIS)
def test_a_new_instance_has_the_values_of_the_sample(api: int) -> None:
    sample = {name: value for name, value in sample_values(api).items() if BY_NAME[name].role is not Role.DERIVED}
    given = assigned() | {attribute.name: sample[attribute.name] for attribute in ASSIGNED if attribute.name in sample}

    made = new_instance(PLANS[sample["plan"]], api, given)

    assert {name: made[name] for name in sample} == sample
    assert set(sample) == set(known(api)) - {"url", "hostname"}


def test_a_new_instance_is_not_starting_yet() -> None:
    assert new_instance(PLANS["nano"], DOCUMENTED, assigned())["boot"] is None


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_new_instance_can_be_stored_and_served_by_every_version(plan: Plan, api: int) -> None:
    made = new_instance(plan, api, assigned())

    assert set(made) == {attribute.name for attribute in STORED} | {"boot"}
    assert record_problems(made) == []


def test_the_versions_differ_in_the_version_of_redis_alone() -> None:
    documented, recorded = (new_instance(PLANS["nano"], api, assigned()) for api in APIS)

    assert documented["version"] == "v2.0.4-stable"
    assert recorded == documented | {"version": "2.4.11"}


def test_a_paid_plan_changes_what_it_gives_and_nothing_else() -> None:
    free, paid = (new_instance(PLANS[plan], DOCUMENTED, assigned()) for plan in ("nano", "small"))

    assert paid == free | {
        "plan": "small",
        "persistence": "aof",
        "memory": 104857600,
        "vm_max_memory": 94371840,
        "connections": 256,
    }


def test_two_instances_do_not_share_a_default() -> None:
    one, other = (new_instance(PLANS["nano"], DOCUMENTED, assigned()) for _ in range(2))
    one["snapshots"].append("1 1")

    assert other["snapshots"] == ["900 1", "300 10", "60 10000"]


@each(ASSIGNED)
def test_a_value_that_the_service_does_not_assign_is_missed(attribute: Attribute) -> None:
    incomplete = assigned()
    del incomplete[attribute.name]

    with pytest.raises(ValueError, match=attribute.name):
        new_instance(PLANS["nano"], DOCUMENTED, incomplete)


@pytest.mark.parametrize("name", ["timeout", "plan", "url", "boot", "shards"])
def test_nothing_else_can_be_assigned(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        new_instance(PLANS["nano"], DOCUMENTED, assigned(**{name: 1}))


@pytest.mark.parametrize("api", APIS)
def test_the_default_label_is_that_of_the_samples(api: int) -> None:
    server = {DOCUMENTED: "server", RECORDED: "ray"}[api]
    sample = sample_values(api)

    assert default_label(server, sample["port"]) == sample["label"]


def test_memory_and_connections_follow_an_upgrade_and_persistence_does_not() -> None:
    assert follow_plan(PLANS["medium"]) == {
        "plan": "medium",
        "memory": 524288000,
        "vm_max_memory": 471859200,
        "connections": 512,
    }


@each(STORED)
def test_a_record_without_one_of_the_attributes_is_refused(attribute: Attribute) -> None:
    broken = record()
    del broken[attribute.name]

    assert record_problems(broken) == [f"{attribute.name} is missing"]


@each(STORED)
def test_only_nullable_attributes_may_be_null(attribute: Attribute) -> None:
    shown = "invalid" if attribute.secret else None
    expected = [] if attribute.nullable else [f"{attribute.name} is {shown}"]

    assert record_problems(record(**{attribute.name: None})) == expected


@each(STORED)
def test_a_record_with_a_value_of_another_type_is_refused(attribute: Attribute) -> None:
    assert record_problems(record(**{attribute.name: {"a": 1}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "150"),
        ("timeout", -1),
        ("timeout", True),
        ("slave", 0),
        ("slave", "false"),
        ("port", 0),
        ("port", 65536),
        ("plan", "gigantic"),
        ("plan", " nano"),
        ("status", "failing"),
        ("label", ""),
        ("label", 7),
        ("master_port", 6379),
        ("snapshots", ["900  1"]),
        ("snapshots", "900 1"),
        ("snapshots", [""]),
        ("created_at", "2010-12-20T00:35:22+00:00"),
        ("created_at", "2010-12-20"),
    ],
)
def test_a_record_may_not_have_what_only_a_client_may_write(name: str, value: Any) -> None:
    assert record_problems(record(**{name: value})) == [f"{name} is {value!r}"]


def test_every_problem_of_a_record_is_reported() -> None:
    assert record_problems(record(timeout=-1, slave="yes")) == ["slave is 'yes'", "timeout is -1"]
