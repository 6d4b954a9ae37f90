"""Which requests the server lets wait in its pool, and which it answers in its loop."""

from __future__ import annotations

import pytest

from rtgmock.composition import MAX_COUNTED, MAX_LISTED, _may_wait
from rtgmock.storage.store import State, Store

LISTS = [("GET", "/instances.json"), ("HEAD", "/instances")]
READS = [("HEAD", "/instances/1"), ("GET", "/_rtgmock/clock"), ("GET", "/nowhere"), ("GET", "/_rtgmock/health")]
WRITES = [("POST", "/instances"), ("PUT", "/instances/1.xml"), ("DELETE", "/instances/1"), ("POST", "/instances/1")]
LONG = [
    *(("GET", f"/_rtgmock/{name}") for name in ("openapi.json", "state", "requests", "faults")),
    *(("PUT", "/_rtgmock/state"), ("POST", "/_rtgmock/faults"), ("DELETE", "/_rtgmock/faults/1")),
]


def store_of(count: int) -> Store:
    """A store in memory with some instances, which are never looked at."""
    store = Store.open(None, "0000")
    with store.transaction() as change:
        change.replace(State(tuple({"id": number} for number in range(count))))
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

    may_wait = _may_wait(store_of(MAX_COUNTED + 1), has_file=False, has_redis=False)
    assert {may_wait(*request) for request in LISTS + WRITES} == {True}
    assert {may_wait(*request) for request in READS} == {False}
