"""Which requests the server lets wait in its pool, and which it answers in its loop."""

from __future__ import annotations

import pytest

from rtgmock.composition import MAX_LISTED, _may_wait
from rtgmock.storage.state import Server, State
from rtgmock.storage.store import Store
from tests.support.values import record

LISTS = [("GET", "/instances.json"), ("HEAD", "/instances")]
READS = [("HEAD", "/instances/1"), ("GET", "/_rtgmock/clock"), ("GET", "/nowhere"), ("GET", "/_rtgmock/health")]
WRITES = [("POST", "/instances"), ("PUT", "/instances/1.xml"), ("DELETE", "/instances/1"), ("POST", "/instances/1")]
LONG = [
    *(("GET", f"/_rtgmock/{name}") for name in ("openapi.json", "state", "requests", "faults")),
    *(("PUT", "/_rtgmock/state"), ("POST", "/_rtgmock/faults"), ("DELETE", "/_rtgmock/faults/1")),
]


def store_of(count: int) -> Store:
    """A store in memory with some instances."""
    store = Store.open(None, "0000")
    with store.transaction() as change:
        records = tuple(record(id=number, port=9000 + number) for number in range(1, count + 1))
        change.replace(State(records, {1: Server("ray")}, {1: "username"}, count))
    return store


@pytest.mark.parametrize("has_file", [False, True])
@pytest.mark.parametrize("has_redis", [False, True])
def test_writes_wait_for_a_file_or_a_redis_and_reads_do_not(has_file: bool, has_redis: bool) -> None:
    may_wait = _may_wait(store_of(MAX_LISTED), has_file=has_file, has_redis=has_redis)

    assert {may_wait(*request) for request in LISTS + READS} == {False}
    assert {may_wait(*request) for request in WRITES} == {has_file or has_redis}
    assert {may_wait(*request) for request in LONG} == {True}


def test_what_takes_long_with_many_instances_may_wait() -> None:
    may_wait = _may_wait(store_of(MAX_LISTED + 1), has_file=False, has_redis=False)
    assert {may_wait(*request) for request in LISTS} == {True}
    assert {may_wait(*request) for request in READS + WRITES} == {False}
