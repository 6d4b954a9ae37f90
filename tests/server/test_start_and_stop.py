"""What a start and a stop cost, beside those of other servers."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import flask
from werkzeug.serving import make_server

from rtgmock.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from socketserver import BaseServer

ROUNDS = 5


class Peer:
    """A server of the standard library, or one that is made in the same way."""

    def __init__(self, make: Callable[[], BaseServer]) -> None:
        self._make = make

    def start(self) -> None:
        self._server = self._make()
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def flask_hello() -> BaseServer:
    app = flask.Flask("hello")
    for method in ("GET", "POST", "PUT", "DELETE"):
        app.add_url_rule("/instances/<reference>", method, lambda reference: reference, methods=[method])
    return make_server("127.0.0.1", 0, app, threaded=True)


def standard() -> BaseServer:
    return ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)


def least(clock: Callable[[], float], make: Callable[[], Emulator | Peer]) -> tuple[float, float]:
    """Return the least seconds of a start and of a stop."""
    starts, stops = [], []
    for _ in range(ROUNDS):
        server = make()
        begun = clock()
        server.start()
        starts.append(clock() - begun)
        begun = clock()
        server.stop()
        stops.append(clock() - begun)
    return min(starts), min(stops)


def test_a_start_needs_less_than_that_of_a_small_flask_application() -> None:
    assert least(time.process_time, Emulator)[0] < least(time.process_time, lambda: Peer(flask_hello))[0]


def test_a_stop_when_nothing_is_asked_waits_less_than_that_of_the_standard_library() -> None:
    assert least(time.perf_counter, Emulator)[1] < least(time.perf_counter, lambda: Peer(standard))[1]
