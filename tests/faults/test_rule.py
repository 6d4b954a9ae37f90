"""The rules of faults as data: how they are read, what they match, and when they apply."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.errors import Invalid
from rtgmock.faults.kinds import KINDS
from rtgmock.faults.registry import FaultRegistry
from rtgmock.faults.rule import KEYS, Keys, Trigger, parse_rule
from rtgmock.randomness import Randomness

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTHING = "the rule has no fault: give it one of " + ", ".join(kind.name for kind in KINDS)
NO_MODE = "must be true or before or after"


@pytest.mark.parametrize(
    ("document", "values"),
    [
        ({"status": 503, "method": "post"}, {"status": 503, "method": "POST"}),
        ({"drop": True}, {"drop": "before"}),
        ({"drop": "after", "delay": 1}, {"drop": "after", "delay": 1.0}),
        ({"upgrade": True}, {"upgrade": "no room"}),
        ({"truncate": "half"}, {"truncate": "half"}),
        ({"truncate": 20, "content_type": "text/html; charset=utf-8"},) * 2,
        ({"status": 503, "nth": None, "path": "*"}, {"status": 503, "path": "*"}),
    ],
)
def test_a_rule_is_read(document: object, values: dict[str, Any]) -> None:
    assert parse_rule(document).values == values


@pytest.mark.parametrize(
    ("document", "messages"),
    [
        ({"stauts": 503}, ["stauts is not known; did you mean status?"]),
        ({"xyzzy": 1, "status": 503}, [f"xyzzy is not known; accepted are {', '.join(KEYS)}"]),
        ({"status": 200}, ["status must be greater than or equal to 400"]),
        ({"status": 600}, ["status must be less than or equal to 599"]),
        ({"drop": False}, [f"drop {NO_MODE}"]),
        ({"drop": "later"}, [f"drop {NO_MODE}"]),
        ({"truncate": -1}, ["truncate must be half or a number of bytes"]),
        ({"truncate": True}, ["truncate must be half or a number of bytes"]),
        ({"content_type": "html"}, ["content_type is invalid: it must be a media type, as text/html"]),
        ({"delay": "1"}, ["delay is not a number"]),
        ({"delay": 4000}, ["delay must be from 0 to 3600"]),
        ({"status": 503, "probability": 2}, ["probability must be from 0 to 1"]),
        ({"status": 503, "nth": 0}, ["nth must be greater than 0"]),
        ({"status": 503, "path": "instances"}, ["path must begin with / or *, as /instances/*"]),
        ({"status": 503, "path": "/_rtgmock/*"}, ["path can't be in /_rtgmock: the control API has no faults"]),
        (
            {"status": 503, "method": "FETCH"},
            ["method is not included in the list: it is one of GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"],
        ),
        ({}, [NOTHING]),
        ({"path": "*"}, [NOTHING]),
        ({"jitter": 1, "drop": True}, ["jitter can't be given without delay"]),
        ({"drop": True, "status": 503}, ["drop can't be given together with status"]),
        ({"upgrade": True, "status": 503}, ["upgrade can't be given together with status"]),
        ({"status": 503, "nth": 1, "after": 1}, ["nth can't be given together with after"]),
        ({"times": 0, "drop": 1}, ["times must be greater than 0", f"drop {NO_MODE}"]),
        ([], ["it must be a JSON object, as {}"]),
    ],
)
def test_a_mistake_in_a_rule_is_explained(document: object, messages: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        parse_rule(document)

    assert list(refused.value.messages) == messages


def test_python_knows_the_keys_that_the_table_has() -> None:
    assert {"method", "path", *get_type_hints(Keys)} == set(KEYS)
    assert {name for kind in KINDS for name in kind.conflicts} <= {kind.name for kind in KINDS}


@pytest.mark.parametrize(
    ("rule", "method", "path", "matches"),
    [
        ({}, "PATCH", "/nowhere", True),
        ({"method": "GET"}, "GET", "/instances", True),
        ({"method": "GET"}, "HEAD", "/instances", False),
        ({"path": "/instances"}, "GET", "/instances", True),
        ({"path": "/instances"}, "GET", "/instances/", True),
        ({"path": "/instances"}, "GET", "/instances.json", True),
        ({"path": "/instances"}, "GET", "/instances/7", False),
        ({"path": "/instances.xml"}, "GET", "/instances.xml", True),
        ({"path": "/instances.xml"}, "GET", "/instances.json", False),
        ({"path": "/instances/*"}, "GET", "/instances/7", True),
        ({"path": "/instances/*"}, "GET", "/instances/7.json", True),
        ({"path": "/instances/*"}, "GET", "/instances", False),
        ({"path": "/instances/7"}, "GET", "/instances/7.json", True),
        ({"path": "/instances/7"}, "GET", "/instances/77", False),
        ({"path": "/instances/*.xml"}, "GET", "/instances/7.xml", True),
        ({"path": "/instances/*.xml"}, "GET", "/instances/7", False),
        ({"path": "*.xml"}, "GET", "/instances.xml", True),
        ({"path": "/"}, "GET", "/", True),
    ],
)
def test_a_rule_matches_by_method_and_path(rule: dict[str, Any], method: str, path: str, *, matches: bool) -> None:
    assert parse_rule(rule | {"status": 503}).matches(Trigger(method, path)) is matches
    assert not parse_rule(rule | {"status": 503}).matches(Trigger(method, path, upgrade=True))


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
def test_the_first_rule_that_applies_counts(rules: list[dict[str, Any]], by: list[int | None]) -> None:
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


def test_a_probability_is_about_what_it_says() -> None:
    registry = FaultRegistry(Randomness(7))
    (fault,) = registry.add([{"drop": True, "probability": 0.1}])
    applied(registry, ["/instances"] * 2000)

    assert 150 < fault.applied < 250


def test_without_a_seed_chance_is_chance() -> None:
    randomness = Randomness()

    assert len({randomness.uniform("probability", 1, 1) for _ in range(10)}) > 1


def test_no_request_is_lost_between_threads() -> None:
    registry = FaultRegistry(Randomness(7))
    limited, rest = registry.add([{"status": 503, "times": 100}, {"status": 500}])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: applied(registry, ["/instances"] * 50), range(8)))

    assert (limited.matched, limited.applied) == (400, 100)
    assert (rest.matched, rest.applied) == (400, 300)


def test_a_fault_is_removed_by_hand_and_at_the_end_of_its_block() -> None:
    registry = FaultRegistry(Randomness(7))
    with registry.add([{"status": 503}])[0] as fault:
        assert registry.faults() == [fault]
    assert not len(registry)
    fault.remove()


def test_what_was_in_force_before_a_reset_removes_nothing_that_came_after() -> None:
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
