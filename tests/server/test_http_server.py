"""What a stop of the HTTP server does to requests in flight; over HTTP and over HTTPS."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from rtgmock.server.certificates import Authority
from rtgmock.server.http_server import HttpServer
from tests.support import raw

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment


class SlowServer:
    """A server whose application tells when it has received a request, and answers once it is released."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.received = threading.Semaphore(0)
        self.release = threading.Event()
        self.server = HttpServer(self.application, "127.0.0.1", 0, on_refusal=lambda *_: None, tls=tls)
        self.server.start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.port}"

    def application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.received.release()
        self.release.wait(10)
        body = b"whole" * 50_000
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def slow_server(tls: bool, tmp_path: Path) -> Iterator[SlowServer]:
    state, now = tmp_path / "state.json", datetime.now(UTC)
    slow_server = SlowServer(Authority(state, now).server_context(["localhost"]) if tls else None)
    yield slow_server
    slow_server.release.set()
    slow_server.server.stop(timeout=0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def test_a_stop_finishes_the_requests_in_flight(slow_server: SlowServer, pool: ThreadPoolExecutor) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(raw.connect(slow_server.url)) for _ in range(12)]
        for connection in connections:
            connection.sendall(raw.head("POST / HTTP/1.1\nHost: localhost"))
        for _ in range(8):
            assert slow_server.received.acquire(timeout=5)
        stopped = pool.submit(slow_server.server.stop)
        slow_server.release.set()

        assert {len(raw.parse(raw.receive(connection)).body) for connection in connections} == {250_000}
    stopped.result(10)
    with pytest.raises(ConnectionRefusedError):
        raw.connect(slow_server.url)


def test_a_stop_answers_requests_that_were_sent_before_it(slow_server: SlowServer, pool: ThreadPoolExecutor) -> None:
    slow_server.release.set()
    with raw.connect(slow_server.url) as fresh, raw.connect(slow_server.url) as half:
        half.sendall(b"POST / HTTP/1.1\r\n")
        fresh.sendall(raw.head("POST / HTTP/1.1\nHost: localhost"))
        stopped = pool.submit(slow_server.server.stop)
        half.sendall(b"Host: localhost\r\n\r\n")

        assert len(raw.parse(raw.receive(fresh)).body) == 250_000
        assert len(raw.parse(raw.receive(half)).body) == 250_000
        stopped.result(10)


def test_a_stop_cuts_requests_that_take_too_long(slow_server: SlowServer, pool: ThreadPoolExecutor) -> None:
    answer = pool.submit(raw.send, slow_server.url, raw.head("POST / HTTP/1.1\nHost: localhost"))
    assert slow_server.received.acquire(timeout=5)
    start = time.monotonic()
    slow_server.server.stop(timeout=0.1)

    assert time.monotonic() - start < 3
    with pytest.raises((ValueError, ConnectionError)):
        answer.result(10)
