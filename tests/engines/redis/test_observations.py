"""What was seen of a Redis counts only if the instance was not changed meanwhile."""

from __future__ import annotations

from rtgmock.engines.base import Condition, Observation
from rtgmock.engines.redis.observations import Observations

WELL, LOST = Observation(Condition.ANSWERS), Observation(Condition.DOWN)


def test_an_instance_that_was_never_seen_is_down() -> None:
    assert Observations().of(1) == LOST


def test_the_last_observation_counts() -> None:
    observations = Observations()

    assert observations.add(1, observations.moment(), WELL)
    assert observations.of(1) == WELL
    assert observations.add(1, observations.moment(), LOST)
    assert observations.of(1) == LOST
    assert observations.of(2) == LOST


def test_a_probe_that_overlaps_with_a_change_does_not_count() -> None:
    observations = Observations()
    observations.put(1, WELL)

    before = observations.moment()
    with observations.changing(1):
        assert observations.is_changing(1)
        assert not observations.add(1, before, LOST)
    assert not observations.add(1, before, LOST)

    assert observations.of(1) == WELL
    assert observations.add(1, observations.moment(), LOST)


def test_what_the_changing_thread_knows_counts() -> None:
    observations = Observations()
    before = observations.moment()

    with observations.changing(1):
        observations.put(1, WELL)

    assert not observations.add(1, before, LOST)
    assert observations.of(1) == WELL


def test_a_probe_of_a_deleted_instance_says_nothing_of_one_that_gets_its_id() -> None:
    observations = Observations()
    observations.put(1, WELL)
    before = observations.moment()

    observations.forget(1)

    assert observations.of(1) == LOST
    assert not observations.add(1, before, WELL)
