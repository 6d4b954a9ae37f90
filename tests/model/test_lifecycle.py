"""An instance's statuses, their transitions, and the boot delay."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.model.lifecycle import TRANSITIONS, Boot, BootDelay, Event, Status, begin, is_boot, read_once, settle, step
from tests.support.clock import START
from tests.support.values import few

READY_AT = START.timestamp() + 2.5


@pytest.mark.parametrize(
    ("status", "event", "then"),
    [
        ("new", Event.BOOT, "starting"),
        ("starting", Event.READY, "running"),
        ("starting", Event.LOST, "failed"),
        ("running", Event.LOST, "failed"),
        ("failed", Event.LOST, "failed"),
    ],
)
def test_an_event_leads_from_a_status_to_the_next(status: str, event: Event, then: str) -> None:
    assert step(status, event) == then


@pytest.mark.parametrize(("status", "event"), sorted(set(product(Status, Event)) - set(TRANSITIONS)))
def test_an_event_without_a_transition_is_refused(status: Status, event: Event) -> None:
    with pytest.raises(KeyError):
        step(status, event)


def test_the_documented_and_recorded_statuses_exist() -> None:
    assert {"new", "starting", "running"} <= set(Status)


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("0", BootDelay()),
        ("2", BootDelay(seconds=2)),
        ("2.5", BootDelay(seconds=2.5)),
        ("2.5s", BootDelay(seconds=2.5)),
        ("999999", BootDelay(seconds=999999)),
        ("1read", BootDelay(reads=1)),
        ("3reads", BootDelay(reads=3)),
        ("3 reads", BootDelay(reads=3)),
        ("0reads", BootDelay()),
    ],
)
def test_a_delay_is_seconds_or_reads(text: str, delay: BootDelay) -> None:
    assert BootDelay.parse(text) == delay


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "reads",
        "-1",
        "+1",
        "1e3",
        "1.",
        ".5",
        "2 s",
        "2ss",
        "nan",
        "inf",
        "1000000",
        "3.5reads",
        "reads3",
        "\u0663",
    ],
)
def test_an_invalid_delay_is_refused_with_valid_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a delay; write seconds, as 2\.5, or reads, as 3reads$") as refused:
        BootDelay.parse(text)

    assert repr(text) in str(refused.value)


@pytest.mark.parametrize(
    ("delay", "status", "boot"),
    [
        (BootDelay(), "running", None),
        (BootDelay(seconds=2.5), "starting", {"until": READY_AT}),
        (BootDelay(reads=3), "starting", {"reads": 3}),
    ],
)
def test_a_new_instance_boots_at_once_unless_it_is_delayed(delay: BootDelay, status: str, boot: Boot | None) -> None:
    assert begin(delay, START) == (status, boot)
    assert is_boot(status, boot)


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, "starting"), (2.49, "starting"), (2.5, "running"), (2.51, "running"), (1e6, "running")]
)
def test_time_alone_ends_a_delay_of_seconds(seconds: float, status: str) -> None:
    boot: Boot = {"until": READY_AT}
    now = START + timedelta(seconds=seconds)
    expected = (status, boot if status == "starting" else None)

    assert settle("starting", boot, now) == expected
    assert read_once("starting", boot, now) == expected


def test_a_read_ends_a_delay_of_reads_when_it_is_the_last_one() -> None:
    assert read_once("starting", {"reads": 3}, START) == ("starting", {"reads": 2})
    assert read_once("starting", {"reads": 2}, START) == ("starting", {"reads": 1})
    assert read_once("starting", {"reads": 1}, START) == ("running", None)


def test_time_does_not_end_a_delay_of_reads() -> None:
    assert settle("starting", {"reads": 1}, START + timedelta(days=365)) == ("starting", {"reads": 1})


@pytest.mark.parametrize("status", Status)
def test_an_instance_that_waits_for_nothing_stays_as_it_is(status: Status) -> None:
    assert settle(status, None, START) == (status, None)
    assert read_once(status, None, START) == (status, None)


@few
@given(st.integers(1, 30))
def test_the_nth_read_finds_the_instance_running(reads: int) -> None:
    status, boot = begin(BootDelay(reads=reads), START)
    found = []
    for _ in range(reads + 2):
        status, boot = read_once(status, boot, START)
        found.append(status)

    assert found == ["starting"] * (reads - 1) + ["running"] * 3
    assert boot is None


def test_a_read_does_not_change_the_boot_it_was_given() -> None:
    boot: Boot = {"reads": 2}
    read_once("starting", boot, START)

    assert boot == {"reads": 2}


@pytest.mark.parametrize("value", [{"reads": 1}, {"until": 0}, {"until": READY_AT}])
def test_a_record_that_is_starting_has_a_boot_that_can_go_on(value: Any) -> None:
    assert is_boot("starting", value)
    assert not is_boot("running", value)


def test_a_record_that_is_not_starting_has_no_boot() -> None:
    assert is_boot("running", None)
    assert is_boot("starting", None)


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        "soon",
        3,
        {"reads": 0},
        {"reads": -1},
        {"reads": True},
        {"reads": 1.0},
        {"reads": "1"},
        {"until": None},
        {"until": True},
        {"until": "2010-12-20T00:35:22Z"},
        {"reads": 1, "until": 1.0},
        {"seconds": 1},
    ],
)
def test_a_record_may_not_have_anything_else_as_its_boot(value: Any) -> None:
    assert not is_boot("starting", value)
