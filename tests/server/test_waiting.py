"""Requests that may wait delay no other request; the loop itself answers those that cannot wait."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rtgmock.server.http_server import HttpServer
from tests.support import raw
from tests.support.command import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


class Application:
    """Answers at once, but for ``/slow``, which waits until it is released. Keeps the names of its threads."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.threads: dict[str, str] = {}
        self.at_work: Counter[str] = Counter()
        self.server = HttpServer(
            self.answer,
            "127.0.0.1",
            0,
            on_refusal=lambda *_: None,
            may_wait=lambda request: request.path == "/slow",
        )
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.port}"

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.threads[path] = threading.current_thread().name
        if path == "/slow":
            self.at_work[environ["REQUEST_METHOD"]] += 1
            self.release.wait(10)
        if path == "/blocking":
            threading.Event().wait(0.06)  # what nothing in the loop may do
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@pytest.fixture
def application() -> Iterator[Application]:
    application = Application()
    yield application
    application.release.set()
    application.server.stop()


def get(path: str) -> bytes:
    return raw.head(f"GET {path} HTTP/1.1\nHost: localhost")


def post(path: str) -> bytes:
    return raw.head(f"POST {path} HTTP/1.1\nHost: localhost", b"x")


def test_forty_requests_that_wait_hold_up_no_other(application: Application) -> None:
    with raw.connections(application.url, 40, post("/slow")) as waiting:
        assert until(lambda: "/slow" in application.threads)
        assert raw.send(application.url, get("/quick")).status == 200
        application.release.set()
        assert {raw.parse(raw.receive(connection)).status for connection in waiting} == {200}

    assert application.threads["/quick"] == "rtgmock-http"
    assert application.threads["/slow"].startswith("rtgmock-request")


def test_reads_that_take_long_are_answered_one_after_another_and_hold_up_no_write(application: Application) -> None:
    with raw.connections(application.url, 10, get("/slow")) as reads, raw.connect(application.url) as write:
        assert until(lambda: application.at_work["GET"] == 1)
        write.sendall(post("/slow"))
        assert until(lambda: application.at_work["POST"] == 1)
        assert raw.send(application.url, get("/quick")).status == 200
        assert application.at_work["GET"] == 1
        application.release.set()
        assert {raw.parse(raw.receive(connection)).status for connection in (*reads, write)} == {200}


def test_a_request_that_blocks_the_loop_is_logged(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "rtgmock"):
        raw.send(application.url, get("/blocking"))

    assert "GET /blocking kept all other requests waiting for" in caplog.text
