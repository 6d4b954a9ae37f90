"""The faults in force: which of them applies to a request, how they count, and how they are removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.errors import Invalid
from rtgmock.faults.registry import FaultRegistry
from rtgmock.faults.rule import Trigger
from rtgmock.randomness import Randomness

if TYPE_CHECKING:
    from collections.abc import Iterable


def applied(registry: FaultRegistry, paths: Iterable[str]) -> list[int | None]:
    """Apply the faults to some requests, and return the id of the fault of each."""
    faults = [registry.apply(Trigger("GET", path)) for path in paths]
    return [fault.fault_id if fault else None for fault in faults]


@pytest.mark.parametrize(
    ("rules", "by"),
    [
        ([{}], [1, 1, 1, 1, 1]),
        ([{"nth": 2}], [None, 1, None, None, None]),
        ([{"after": 3}], [None, None, None, 1, 1]),
        ([{"times": 2}], [1, 1, None, None, None]),
        ([{"after": 1, "times": 2}], [None, 1, 1, None, None]),
        ([{"probability": 0}], [None] * 5),
        ([{"probability": 1}], [1] * 5),
        ([{"times": 1}, {"times": 1}], [1, 2, None, None, None]),
        ([{"nth": 1}, {"nth": 2}], [1, 2, None, None, None]),
        ([{"nth": 4}, {}], [2, 2, 2, 1, 2]),
    ],
)
def test_the_first_rule_that_applies_is_the_one(rules: list[dict[str, Any]], by: list[int | None]) -> None:
    registry = FaultRegistry(Randomness(7))
    faults = registry.add([{"status": 503, **rule} for rule in rules])

    assert applied(registry, ["/instances"] * 5) == by
    assert [(fault.matched, fault.applied) for fault in faults] == [(5, by.count(fault.id)) for fault in faults]


@given(
    st.lists(
        st.fixed_dictionaries({"probability": st.floats(0, 1)}, optional={"times": st.integers(1, 9)}), max_size=4
    ),
    st.lists(st.sampled_from(["/instances", "/instances/7.xml"]), max_size=30),
    st.integers(),
)
def test_the_same_seed_and_requests_give_the_same_faults(rules: list[Any], paths: list[str], seed: int) -> None:
    documents = [{"path": "/instances/*" if "times" in rule else "*", "drop": True, **rule} for rule in rules]
    one, other = FaultRegistry(Randomness(seed)), FaultRegistry(Randomness(seed))
    one.add(documents)
    other.add(documents)
    first = applied(one, paths)

    assert applied(other, paths) == first
    one.reset()
    one.add(documents)
    assert applied(one, paths) == first


def test_a_probability_is_about_what_the_rule_says() -> None:
    registry = FaultRegistry(Randomness(7))
    (fault,) = registry.add([{"drop": True, "probability": 0.1}])
    applied(registry, ["/instances"] * 2000)

    assert 150 < fault.applied < 250


def test_without_a_seed_the_draws_differ() -> None:
    randomness = Randomness()

    assert len({randomness.uniform("probability", 1, 1) for _ in range(10)}) > 1


def test_every_request_of_many_threads_is_counted() -> None:
    registry = FaultRegistry(Randomness(7))
    limited, rest = registry.add([{"status": 503, "times": 100}, {"status": 500}])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: applied(registry, ["/instances"] * 50), range(8)))

    assert (limited.matched, limited.applied) == (400, 100)
    assert (rest.matched, rest.applied) == (400, 300)


def test_a_fault_can_be_removed_and_ends_with_its_block() -> None:
    registry = FaultRegistry(Randomness(7))
    with registry.add([{"status": 503}])[0] as fault:
        assert registry.faults() == [fault]
    assert not len(registry)
    fault.remove()


def test_a_fault_from_before_a_reset_does_not_remove_its_successor() -> None:
    registry = FaultRegistry(Randomness(7))
    (before,) = registry.add([{"status": 503}])
    registry.reset()
    (after,) = registry.add([{"status": 500}])
    before.remove()

    assert before.id == after.id
    assert registry.faults() == [after]


def test_rules_are_added_all_or_none() -> None:
    registry = FaultRegistry(Randomness(7))
    with pytest.raises(Invalid) as refused:
        registry.add([{"status": 503}, {"status": 1, "x": 1}, 7])

    assert [message.partition(":")[0] for message in refused.value.messages] == ["rule 2", "rule 2", "rule 3"]
    assert not len(registry)


def test_the_faults_for_an_account_are_removed_alone() -> None:
    registry = FaultRegistry(Randomness(7))
    registry.add([{"status": 503, "account": "ann"}, {"status": 503}, {"status": 503, "account": "bob"}])

    registry.clear("ann")

    assert [fault.id for fault in registry.faults()] == [2, 3]
    registry.add([{"status": 503}])
    assert [fault.id for fault in registry.faults()] == [2, 3, 4]
