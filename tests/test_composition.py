"""Which requests the server lets wait in its pool, and which it answers in its loop."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from rtgmock.composition import MAX_LISTED, _may_wait
from rtgmock.server.request_head import Request
from rtgmock.settings.parsers import Credentials
from rtgmock.storage.state import Server, State
from rtgmock.storage.store import Store
from tests.support.values import record

if TYPE_CHECKING:
    from rtgmock.server.http_server import MayWait

ACCOUNTS = (Credentials("username", "password"), Credentials("other", "password"))
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
        change.replace(State(records, {1: Server("ray")}, {1: "username", 2: "other"}, count))
    return store


def answers(
    may_wait: MayWait, requests: list[tuple[str, str]], name: str = "username", password: str = "password"
) -> set[bool]:
    """What the server is told of requests with an account's credentials."""
    headers = {"HTTP_AUTHORIZATION": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}
    return {may_wait(Request(method, path, "1.1", headers, 0, b"", path, "", True)) for method, path in requests}


@pytest.mark.parametrize("has_file", [False, True])
@pytest.mark.parametrize("has_redis", [False, True])
def test_writes_wait_for_a_file_or_a_redis_and_reads_do_not(has_file: bool, has_redis: bool) -> None:
    may_wait = _may_wait(store_of(MAX_LISTED), ACCOUNTS, has_file=has_file, has_redis=has_redis)

    assert answers(may_wait, LISTS + READS) == {False}
    assert answers(may_wait, WRITES) == {has_file or has_redis}
    assert answers(may_wait, LONG) == {True}


def test_what_takes_long_with_many_instances_may_wait() -> None:
    may_wait = _may_wait(store_of(MAX_LISTED + 1), ACCOUNTS, has_file=False, has_redis=False)
    assert answers(may_wait, LISTS) == {True}
    assert answers(may_wait, READS + WRITES) == {False}


def test_a_list_waits_for_many_instances_of_its_own_account_only() -> None:
    may_wait = _may_wait(store_of(MAX_LISTED + 1), ACCOUNTS, has_file=True, has_redis=True)

    assert answers(may_wait, LISTS, "other") == {False}
    assert answers(may_wait, LISTS, "username", "wrong") == {False}
    assert may_wait(Request("GET", "/instances", "1.1", {}, 0, b"", "/instances", "", True)) is False


def test_a_read_waits_for_the_disk_while_an_instance_of_its_account_boots() -> None:
    store = store_of(2)
    may_wait = _may_wait(store, ACCOUNTS, has_file=True, has_redis=False)
    in_memory = _may_wait(store, ACCOUNTS, has_file=False, has_redis=False)
    reads = [*LISTS, ("GET", "/instances/1.json"), ("HEAD", "/instances/1")]

    for boot, expected in (({"reads": 2}, True), (None, False)):
        with store.transaction() as change:
            change.put_instance(record(id=2, port=9002, status="starting" if boot else "running", boot=boot))
        assert answers(may_wait, reads) == {expected}
        assert answers(may_wait, reads, "other") == {False}
        assert answers(in_memory, reads) == {False}
