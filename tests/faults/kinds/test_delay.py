"""Delayed responses."""

from __future__ import annotations

import contextlib
import json
import select
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from rtgmock.server.response_faults import ResponseFaults
from tests.support import raw
from tests.support.command import until

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Serve, Served

CREATE = f"POST /instances.json HTTP/1.1\n{raw.AUTHORIZED}\nContent-Type: application/json"


def test_a_delayed_request_is_carried_out_at_once(api: Served) -> None:
    with api.emulator.fail("POST", delay=1), ThreadPoolExecutor() as pool:
        start = time.monotonic()
        created = pool.submit(api.create)
        while not api.instance_ids():
            assert not created.done()
        assert not created.done()
        assert created.result(5)["id"] == 1
        assert 1 <= time.monotonic() - start < 5


def test_a_delay_can_be_combined_with_every_other_kind(api: Served) -> None:
    rules: list[dict[str, Any]] = [{"status": 503}, {"truncate": 1}, {"content_type": "text/html"}, {"drop": True}]
    for rule in rules:
        with api.emulator.fail(**rule, delay=0.1):
            start = time.monotonic()
            with raw.connect(api.url) as connection:
                connection.sendall(raw.head(raw.LIST))
                received = raw.receive(connection)
            assert 0.1 <= time.monotonic() - start < 5
            assert bool(received) == ("drop" not in rule)


def test_jitter_is_the_same_for_the_same_seed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []
    monkeypatch.setattr(ResponseFaults, "delay", lambda _faults, seconds: delays.append(seconds))
    for api in (serve(), serve()):
        api.emulator.fail(delay=0.05, jitter=0.05)
        for _ in range(4):
            api.get("/instances.json")

    assert delays[:4] == delays[4:]
    assert len(set(delays[:4])) == 4
    assert all(0 <= seconds <= 0.1 for seconds in delays)


def test_responses_after_a_delayed_one_keep_their_order(api: Served) -> None:
    api.emulator.fail("POST", delay=0.2)
    create = raw.head(f"{CREATE}\nConnection: keep-alive", b'{"plan": "nano"}')
    with raw.connect(api.url) as connection:
        connection.sendall(create + raw.head(raw.LIST))
        received = raw.receive(connection)

    created, _, listed = received.partition(b"HTTP/1.1 200 OK")
    assert raw.parse(created).status == 201
    assert json.loads(listed.partition(b"\r\n\r\n")[2])[0]["instance"]["id"] == 1


def test_fifty_delayed_responses_block_no_other_request(api: Served) -> None:
    """With a thread for each of them, they would take turns and need a dozen seconds."""
    api.emulator.fail(delay=2)
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(raw.connect(api.url)) for _ in range(50)]
        for connection in connections:
            connection.sendall(raw.head(raw.LIST))
        assert api.get("/_rtgmock/health").status_code == 200
        answered_before = select.select(connections, [], [], 0)[0]
        answers = [raw.parse(raw.receive(connection)) for connection in connections]

    assert answered_before == []
    assert {answer.status for answer in answers} == {200}
    assert 2 <= time.monotonic() - begun < 8


def test_the_connection_of_a_client_that_leaves_during_a_delay_is_closed(api: Served) -> None:
    api.emulator.fail(delay=60)
    server = api.emulator._parts.server
    with raw.connect(api.url) as connection:
        connection.sendall(raw.head(raw.LIST))
        assert until(lambda: any(connection.writer.is_held for connection in list(server.connections)))

    assert until(lambda: not server.connections)


def test_a_stop_sends_delayed_responses_at_once(api: Served) -> None:
    api.emulator.fail(delay=60)
    with raw.connect(api.url) as connection, ThreadPoolExecutor() as pool:
        connection.sendall(raw.head(raw.LIST))
        answer = pool.submit(raw.receive, connection)
        assert until(lambda: api.log)
        start = time.monotonic()
        api.emulator.stop()
        assert time.monotonic() - start < 5
        assert raw.parse(answer.result(5)).body == b"[]"
