"""The HTTP server, with TLS and without, under clients that are slow, many, or still sending, and while it stops."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
import requests

from rtgmock.server.certificates import Authority
from rtgmock.server.http_server import HttpServer
from rtgmock.server.tls_socket import TlsSocket
from tests.support import raw

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from rtgmock.server.http_server import WrapSocket
    from tests.conftest import Serve, Served

HEAD = "POST /instances.json HTTP/1.1\nHost: localhost\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
HALVES = {
    "half a request line": b"POST /inst",
    "half the headers": b"POST /instances.json HTTP/1.1\r\nHost: local",
    "half a body": raw.head(f"{HEAD}\nContent-Length: 9") + b"plan",
    "half a chunk": raw.head(f"{HEAD}\nTransfer-Encoding: chunked") + b"9\r\nplan",
}


@pytest.fixture(params=[False, True], ids=["http", "https"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def api(serve: Serve, tls: bool) -> Served:
    return serve(tls=tls)


@contextlib.contextmanager
def many(url: str, count: int, begun: bytes) -> Iterator[list[socket.socket]]:
    """Connections that have all sent the same beginning of a request."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(raw.connect(url)) for _ in range(count)]
        for connection in connections:
            connection.sendall(begun)
        yield connections


@pytest.mark.parametrize("begun", HALVES.values(), ids=HALVES)
def test_forty_half_sent_requests_do_not_keep_a_good_one_waiting(api: Served, begun: bytes) -> None:
    with many(api.url, 40, begun):
        start = time.monotonic()
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 201
        assert time.monotonic() - start < 1


def test_hundreds_of_half_sent_requests_do_not_either(api: Served) -> None:
    with many(api.url, 400, HALVES["half a body"]) as connections:
        start = time.monotonic()
        assert api.get("/instances.json").status_code == 200
        assert time.monotonic() - start < 1
        for connection in connections[:20]:
            connection.sendall(b"=nano")
        answers = [raw.parse(raw.receive(connection)) for connection in connections[:20]]
    assert {answer.status for answer in answers} == {201}


def test_clients_that_do_not_read_do_not_keep_others_waiting(api: Served) -> None:
    for _ in range(20):
        api.create()
    whole = raw.head("GET /instances.xml HTTP/1.1\nHost: localhost\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ=")
    with many(api.url, 40, whole):
        assert api.get("/instances.json").status_code == 200


def test_a_client_that_takes_too_long_is_cut(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtgmock.server.channel.REQUEST_TIMEOUT", 0.0)
    with raw.connect(api.url) as connection:
        connection.sendall(HALVES["half a body"])
        assert raw.receive(connection) == b""


def test_an_idle_connection_is_closed_in_the_end(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw.connect(api.url) as connection:
        connection.sendall(b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = connection.recv(1000)
        while not received.endswith(b"}"):
            received += connection.recv(1000)
        monkeypatch.setattr("rtgmock.server.channel.IDLE_TIMEOUT", 0.0)
        assert raw.receive(connection) == b""


def test_a_refused_client_reads_its_answer_while_it_is_still_sending(api: Served) -> None:
    answer = raw.send(api.url, raw.head(HEAD, b"x" * 8_000_000))

    assert answer.status == 413


def test_a_refused_client_that_never_ends_is_cut(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtgmock.server.channel.LINGER_TIMEOUT", 0.0)
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


def test_what_the_server_refuses_is_logged_too(api: Served) -> None:
    raw.send(api.url, raw.head("GET /\x01 HTTP/1.1\nbad header"))

    entry = api.log[-1]
    assert (entry["status"], entry["method"], entry["path"]) == (400, "GET", "/\\x01")
    assert entry["hint"] == "The request cannot be read: Invalid header."


class Held:
    """A server whose application says when a request has come, and answers when it may."""

    def __init__(self, wrap_socket: WrapSocket | None) -> None:
        self.came = threading.Semaphore(0)
        self.may = threading.Event()
        self.server = HttpServer(
            self.application, "127.0.0.1", 0, body_limit=1000, on_refusal=lambda *_: None, wrap_socket=wrap_socket
        )
        self.server.start()
        self.url = f"{'https' if wrap_socket else 'http'}://127.0.0.1:{self.server.effective_port}"

    def application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.came.release()
        self.may.wait(10)
        body = b"whole" * 50_000
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def held(tls: bool, tmp_path: Path) -> Iterator[Held]:
    state, now = tmp_path / "state.json", datetime.now(UTC)
    wrap_socket = partial(TlsSocket, context=Authority(state, now).server_context(["localhost"])) if tls else None
    held = Held(wrap_socket)
    yield held
    held.may.set()
    held.server.stop(timeout=0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def test_a_stop_finishes_the_requests_in_flight(held: Held, pool: ThreadPoolExecutor) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(raw.connect(held.url)) for _ in range(12)]
        for connection in connections:
            connection.sendall(raw.head("GET / HTTP/1.1\nHost: localhost"))
        for _ in range(8):
            assert held.came.acquire(timeout=5)
        stopped = pool.submit(held.server.stop)
        held.may.set()

        assert {len(raw.parse(raw.receive(connection)).body) for connection in connections} == {250_000}
    stopped.result(10)
    with pytest.raises(ConnectionRefusedError):
        raw.connect(held.url)


def test_a_stop_takes_what_was_sent_before_it(held: Held, pool: ThreadPoolExecutor) -> None:
    held.may.set()
    with raw.connect(held.url) as fresh, raw.connect(held.url) as half:
        half.sendall(b"GET / HTTP/1.1\r\n")
        fresh.sendall(raw.head("GET / HTTP/1.1\nHost: localhost"))
        stopped = pool.submit(held.server.stop)
        half.sendall(b"Host: localhost\r\n\r\n")

        assert len(raw.parse(raw.receive(fresh)).body) == 250_000
        assert len(raw.parse(raw.receive(half)).body) == 250_000
        stopped.result(10)


def test_a_stop_does_not_wait_for_the_slow_and_the_idle(api: Served) -> None:
    api.get("/_rtgmock/health")
    with many(api.url, 40, HALVES["half a body"]):
        start = time.monotonic()
        api.emulator.stop()
        assert time.monotonic() - start < 2


def test_a_stop_cuts_what_takes_too_long(held: Held, pool: ThreadPoolExecutor) -> None:
    answer = pool.submit(raw.send, held.url, raw.head("GET / HTTP/1.1\nHost: localhost"))
    assert held.came.acquire(timeout=5)
    start = time.monotonic()
    held.server.stop(timeout=0.1)

    assert time.monotonic() - start < 3
    with pytest.raises((ValueError, ConnectionError)):
        answer.result(10)


def test_health_says_so_while_the_emulator_stops(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    come, may = threading.Event(), threading.Event()

    def slow(*_: object) -> list[dict[str, object]]:
        come.set()
        may.wait(10)
        return []

    monkeypatch.setattr("rtgmock.service.provisioner.Provisioner.list", slow)
    with ThreadPoolExecutor() as pool, requests.Session() as session:
        session.trust_env, session.verify = False, api.session.verify
        assert session.get(f"{api.url}/_rtgmock/health").json()["status"] == "ok"
        listed = pool.submit(api.get, "/instances.json")
        assert come.wait(5)
        stopped = pool.submit(api.emulator.stop)
        deadline = time.monotonic() + 5
        while (answer := session.get(f"{api.url}/_rtgmock/health")).status_code == 200 and time.monotonic() < deadline:
            pass
        may.set()

        assert answer.status_code == 503
        assert answer.json()["status"] == "stopping"
        assert listed.result(10).json() == []
        stopped.result(10)


def test_two_emulators_in_one_process_do_not_see_each_other(serve: Serve) -> None:
    one, other = serve(), serve()
    one.create()

    assert one.url != other.url
    assert other.get("/instances.json").json() == []
    assert not other.log or other.log[-1]["path"] == "/instances.json"
    one.emulator.stop()
    assert other.create()["id"] == 1


def test_health(api: Served) -> None:
    api.clock.advance(1.5)
    answer = api.get("/_rtgmock/health", auth=("nobody", ""))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"status": "ok", "version": "0.1.0", "engine": "off", "uptime": 1.5}
