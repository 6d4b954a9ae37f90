"""Connections whose clients are slow, idle, many, or still sending what was refused; over HTTP and over HTTPS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support import raw
from tests.support.limits import limit

if TYPE_CHECKING:
    import socket

    from tests.conftest import Serve, Served

HEAD = f"POST /instances.json HTTP/1.1\n{raw.AUTHORIZED}"


INCOMPLETE = {
    "half a request line": b"POST /inst",
    "half the headers": b"POST /instances.json HTTP/1.1\r\nHost: local",
    "half a body": raw.head(f"{HEAD}\nContent-Length: 9") + b"plan",
    "half a chunk": raw.head(f"{HEAD}\nTransfer-Encoding: chunked") + b"9\r\nplan",
}


PROMPT = 3.0
"""Seconds. A server that waited for its slow clients would take REQUEST_TIMEOUT, which is 20."""


@pytest.fixture
def api(serve: Serve, tls: bool) -> Served:
    return serve(tls=tls)


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE)
def test_forty_half_sent_requests_do_not_delay_a_complete_one(api: Served, sent: bytes) -> None:
    with raw.connections(api.url, 40, sent):
        start = time.monotonic()
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 201
        assert time.monotonic() - start < PROMPT


def test_hundreds_of_half_sent_requests_do_not_delay_a_complete_one_and_can_be_completed(api: Served) -> None:
    with raw.connections(api.url, 400, INCOMPLETE["half a body"]) as connections:
        start = time.monotonic()
        assert api.get("/instances.json").status_code == 200
        assert time.monotonic() - start < PROMPT
        for connection in connections[:20]:
            connection.sendall(b"=nano")
        answers = [raw.parse(raw.receive(connection)) for connection in connections[:20]]
    assert {answer.status for answer in answers} == {201}


def test_clients_that_do_not_read_do_not_delay_others(api: Served) -> None:
    for _ in range(20):
        api.create()
    whole = raw.head(f"GET /instances.xml HTTP/1.1\n{raw.AUTHORIZED}")
    with raw.connections(api.url, 40, whole):
        assert api.get("/instances.json").status_code == 200


def test_an_idle_connection_is_closed_after_a_while(api: Served) -> None:
    with raw.connect(api.url) as connection:
        connection.sendall(b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = connection.recv(1000)
        while not received.endswith(b"}"):
            received += connection.recv(1000)
        limit(api, idle_seconds=0.0)
        assert raw.receive(connection) == b""


def test_a_refused_client_receives_its_response_while_it_is_still_sending(api: Served) -> None:
    answer = raw.send(api.url, raw.head(HEAD, b"x" * 8_000_000))

    assert answer.status == 413


def test_a_refused_client_that_never_stops_sending_is_cut(api: Served) -> None:
    limit(api, linger_seconds=0.0)
    with raw.connect(api.url) as connection:
        connection.sendall(raw.head(f"{HEAD}\nContent-Length: 8000000"))
        assert raw.parse(raw.receive(connection)).status == 413
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe|closed"):
            send_on(connection)


def send_on(connection: socket.socket) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        connection.sendall(b"x" * 65536)


def test_requests_are_answered_in_order_on_one_connection(api: Served) -> None:
    health = b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with raw.connect(api.url) as connection:
        connection.sendall(health * 3 + raw.head("GET /nowhere HTTP/1.1\nHost: localhost"))
        received = raw.receive(connection)
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.rindex(b"HTTP/1.1 404 Not Found") > received.rindex(b"HTTP/1.1 200 OK")


def test_a_stop_does_not_wait_for_slow_and_idle_clients(api: Served) -> None:
    api.get("/_rtgmock/health")
    with raw.connections(api.url, 40, INCOMPLETE["half a body"]):
        start = time.monotonic()
        api.emulator.stop()
        assert time.monotonic() - start < 2


def test_nothing_fails_in_a_connection_that_is_used(api: Served, caplog: pytest.LogCaptureFixture) -> None:
    with raw.connect(api.url) as connection:
        connection.sendall(raw.head(raw.LIST))
        assert raw.parse(raw.receive(connection)).status == 200
    assert not caplog.messages


def test_equal_requests_on_one_connection_are_each_told_to_send_their_body(api: Served) -> None:
    head = raw.head(f"{HEAD}\nContent-Length: 9\nExpect: 100-continue\nConnection: keep-alive")
    with raw.connect(api.url) as connection:
        for body in (b"plan=nano", b"plan=mini"):
            connection.sendall(head)
            assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            received = b""
            while not raw.is_whole(received):
                received += connection.recv(65536)
            assert raw.parse(received).status == 201

    plans = [item["instance"]["plan"] for item in api.get("/instances.json").json()]
    assert plans == ["nano", "mini"]
