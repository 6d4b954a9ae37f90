"""Which requests the server lets wait in its pool, and which it answers in its loop."""

from __future__ import annotations

import pytest

from rtgmock.composition import _may_wait

READS = [("GET", "/instances.json"), ("HEAD", "/instances/1"), ("GET", "/_rtgmock/clock"), ("GET", "/nowhere")]
WRITES = [("POST", "/instances"), ("PUT", "/instances/1.xml"), ("DELETE", "/instances/1"), ("POST", "/instances/1")]
LONG = [("GET", "/_rtgmock/openapi.json"), ("PUT", "/_rtgmock/state"), ("GET", "/_rtgmock/requests")]


@pytest.mark.parametrize("has_file", [False, True])
def test_writes_wait_for_a_file_and_reads_do_not(has_file: bool) -> None:
    may_wait = _may_wait(has_file=has_file, has_redis=False)

    assert {may_wait(*request) for request in READS} == {False}
    assert {may_wait(*request) for request in WRITES} == {has_file}
    assert {may_wait(*request) for request in LONG} == {True}


def test_all_but_health_may_wait_for_a_redis() -> None:
    may_wait = _may_wait(has_file=False, has_redis=True)

    assert {may_wait(*request) for request in READS + WRITES + LONG} == {True}
    assert not may_wait("GET", "/_rtgmock/health")
