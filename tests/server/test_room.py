"""Connections share places and memory: who has been in the way for longest makes room for the others."""

from __future__ import annotations

import logging
import select
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.server.certificates import Authority
from rtgmock.server.http_server import HttpServer
from rtgmock.server.limits import Limits
from tests.support import raw
from tests.support.command import until
from tests.support.load import exchange

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    Start = Callable[..., "Application"]

LARGE = 5_000_000
"""Bytes of an answer: more than the buffers of both sides hold."""


class Body(bytes):
    """A body that says when it is no longer in memory."""

    freed: list[int]

    def __del__(self) -> None:
        self.freed.append(len(self))


class Application:
    """Answers with zeros. ``/large`` and ``/body`` have more of them, ``/long`` takes long, and ``/wait`` waits."""

    def __init__(self, tls: ssl.SSLContext | None, **limits: Any) -> None:
        self.order: list[str] = []
        self.freed: list[int] = []
        """The sizes of the bodies that are no longer in memory."""
        self.server = HttpServer(
            self.answer,
            "127.0.0.1",
            0,
            on_refusal=lambda *_: None,
            may_wait=lambda request: request.path == "/wait",
            tls=tls,
            limits=replace(Limits(), **limits),
        )
        self.release = threading.Event()
        self.server.start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.port}"

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.order.append(path)
        if path == "/long":
            time.sleep(0.01)
        if path == "/wait":
            self.release.wait(10)
        body = Body({"/large": LARGE, "/body": 300_000}.get(path, 1))
        body.freed = self.freed
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def connect(self) -> socket.socket:
        return raw.connect(self.url)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Application] = []

    def begin(*, tls: bool = False, **limits: Any) -> Application:
        authority = Authority(tmp_path / "state.json", datetime.now(UTC)) if tls else None
        started.append(Application(authority.server_context(["localhost"]) if authority else None, **limits))
        return started[-1]

    yield begin
    for application in started:
        application.release.set()
        application.server.stop(timeout=0)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


WAIT = b"POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
LAST = raw.head("GET /large HTTP/1.1\nHost: localhost")


def post(size: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()


def is_answered(connection: socket.socket) -> bool:
    return raw.is_whole(exchange(connection, get("/")))


# Places


def test_a_newcomer_has_a_place_as_soon_as_one_of_the_others_has_its_answer(start: Start) -> None:
    application = start(connections=2)
    with application.connect() as first, application.connect() as second:
        first.sendall(WAIT)
        second.sendall(WAIT)
        assert until(lambda: application.order == ["/wait", "/wait"])
        with application.connect() as newcomer:
            newcomer.sendall(get("/"))
            assert select.select([newcomer], [], [], 0.2)[0] == []
            application.release.set()
            assert newcomer.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_takes_nothing_loses_its_place_to_a_newcomer(start: Start) -> None:
    application = start(connections=1, stalled_seconds=0.1)
    with application.connect() as one:
        one.sendall(get("/large"))
        assert until(lambda: application.order)
        with application.connect() as newcomer:
            assert is_answered(newcomer)
        assert len(raw.receive(one)) < LARGE


def test_a_client_keeps_its_place_by_no_single_bytes(start: Start) -> None:
    application = start(connections=2)
    with application.connect() as slow, application.connect() as good:
        assert is_answered(slow)
        assert is_answered(good)
        slow.sendall(b"G")
        assert until(lambda: held(application) == [1])
        with application.connect() as newcomer:
            assert is_answered(newcomer)
            assert is_answered(good)
        assert raw.receive(slow) == b""


def connections(application: Application) -> list[Any]:
    return list(application.server.connections)


# Memory


def test_a_body_that_is_sent_is_not_kept_while_its_connection_is_idle(start: Start) -> None:
    application = start()
    with application.connect() as connection:
        assert raw.is_whole(exchange(connection, get("/body")))
        assert until(lambda: application.freed == [300_000])
        assert is_answered(connection)


def test_a_body_is_not_kept_when_its_client_has_left(start: Start) -> None:
    application = start()
    with application.connect() as connection:
        connection.sendall(get("/body") * 20)
        assert until(lambda: application.order)
    assert until(lambda: len(application.freed) == len(application.order))


def test_of_too_many_answers_that_nobody_takes_the_oldest_is_cut(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    application = start(untaken=2 * LARGE + LARGE // 2)
    with application.connect() as first, application.connect() as second, application.connect() as third:
        with caplog.at_level(logging.WARNING, "rtgmock"):
            for number, connection in enumerate((first, second, third)):
                connection.sendall(LAST)
                assert until(lambda: len(application.order) == number + 1)  # noqa: B023
            assert until(lambda: len(connections(application)) == 2)
            sentence = "Connections that were cut, since their clients took nothing of an answer: 1"
            assert until(lambda: sentence in caplog.messages)
        assert len(raw.receive(first)) < LARGE
        assert len(raw.receive(third)) > LARGE


def test_a_client_that_takes_nothing_of_its_answer_is_cut(start: Start, tls: bool) -> None:
    application = start(tls=tls, answer_seconds=0.1)
    with application.connect() as idle, application.connect() as connection:
        connection.sendall(LAST)
        assert until(lambda: len(connections(application)) == 2)
        assert until(lambda: len(connections(application)) == 1)
        assert is_answered(idle)


def test_a_single_answer_may_be_larger_than_the_limit(start: Start) -> None:
    application = start(untaken=1)
    with application.connect() as connection:
        connection.sendall(LAST)
        assert len(raw.receive(connection)) > LARGE


def test_only_some_clients_may_send_much_at_once_and_the_others_wait_for_them(start: Start) -> None:
    application = start(large_requests=1)
    size = 900_000
    with application.connect() as first, application.connect() as second:
        first.sendall(post(size) + b"x" * 100_000)
        assert until(lambda: held(application) == [100_000])
        second.sendall(post(size) + b"x" * (size - 1))
        assert until(lambda: len(held(application)) == 2)
        with application.connect() as other:
            other.sendall(post(10_000) + b"x" * 10_000)
            assert b"200 OK" in other.recv(65536)
        assert max(held(application)) == 100_000  # the second is not read
        first.sendall(b"x" * (size - 100_000))
        assert b"200 OK" in first.recv(65536)
        second.sendall(b"x")
        assert b"200 OK" in second.recv(65536)


def held(application: Application) -> list[int]:
    return [held for connection in connections(application) if (held := connection._parser.held)]


def test_a_large_request_has_room_when_the_one_before_it_is_given_up(start: Start) -> None:
    application = start(large_requests=1)
    with application.connect() as second:
        with application.connect() as first:
            first.sendall(post(900_000) + b"x" * 100_000)
            assert until(lambda: held(application) == [100_000])
            second.sendall(post(100_000) + b"x" * 99_999)
            assert until(lambda: len(held(application)) == 2)
        second.sendall(b"x")
        assert b"200 OK" in second.recv(65536)


def test_what_follows_a_request_is_not_read_while_that_is_answered(start: Start) -> None:
    application = start()
    with application.connect() as connection:
        connection.sendall(WAIT + post(900_000) + b"x" * 100_000)
        assert until(lambda: application.order)
        assert until(lambda: held(application))
        assert held(application)[0] < 50_000
        application.release.set()
        connection.sendall(b"x" * 800_000)
        assert until(lambda: application.order == ["/wait", "/"])


# Turns


def test_quick_requests_wait_for_few_of_many_long_ones(start: Start) -> None:
    application = start()
    with application.connect() as quick:
        assert raw.is_whole(exchange(quick, get("/long")))
        with raw.connections(application.url, 40, get("/long") * 20):
            assert until(lambda: application.order.count("/long") > 1)
            assert all(is_answered(quick) for _ in range(5))
            answered = application.order.count("/long")
    assert answered < 80  # in turn with all connections, each quick request would wait for 40


def test_a_client_that_resets_its_connection_during_an_answer_is_not_logged(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    application = start()
    for _ in range(5):
        with application.connect() as connection:
            connection.sendall(get("/large"))
            connection.recv(1)
    assert until(lambda: not application.server.connections)
    assert "asyncio" not in {record.name for record in caplog.records}
