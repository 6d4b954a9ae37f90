"""HTTPS: protocol versions, sessions, and clients that stall, send garbage or speak plain HTTP."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from rtgmock.paths import BODY_LIMIT
from tests.support import raw
from tests.support.command import until
from tests.support.limits import limit
from tests.support.manual_tls import ManualTls, unverified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve, Served
    from tests.support.command import Command

HTTPS_ONLY = "The request cannot be read: this port speaks HTTPS; use https:// in place of http://.\n"


PROMPT = 3.0
"""Seconds. A server that waited for its slow clients would take REQUEST_TIMEOUT, which is 20."""


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(tls=True)


def plain(api: Served) -> str:
    """The URL with plain HTTP."""
    return api.url.replace("https", "http")


def test_the_url_says_https(api: Served) -> None:
    assert api.url.startswith("https://127.0.0.1:")
    assert api.create()["id"] == 1
    assert api.get("/instances/1.json").json()["plan"] == "nano"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(api: Served, version: ssl.TLSVersion) -> None:
    context = unverified()
    context.minimum_version = context.maximum_version = version
    with raw.connect(plain(api)) as connection, context.wrap_socket(connection) as secured:
        secured.sendall(raw.head(raw.LIST))
        assert raw.parse(raw.receive(secured)).body == b"[]"


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated")
def test_older_versions_of_tls_are_refused(api: Served) -> None:
    context = unverified()
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with raw.connect(plain(api)) as connection, pytest.raises(ssl.SSLError, match=r"(?i)version|alert"):
        context.wrap_socket(connection)


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None), ([], None)]
)
def test_http_1_1_is_negotiated_if_it_is_offered(api: Served, offered: list[str], chosen: str | None) -> None:
    context = unverified()
    if offered:
        context.set_alpn_protocols(offered)
    with raw.connect(plain(api)) as connection, context.wrap_socket(connection) as secured:
        assert secured.selected_alpn_protocol() == chosen


def test_a_body_of_the_maximum_size_is_accepted(api: Served) -> None:
    body = b'{"plan": "nano"}'.ljust(BODY_LIMIT)
    headers = {"Content-Type": "application/json"}

    assert api.post("/instances.json", data=body, headers=headers).status_code == 201
    assert api.post("/instances.json", data=body + b" ", headers=headers).status_code == 413


def test_a_body_may_come_in_many_small_records(api: Served) -> None:
    with raw.connect(api.url) as connection:
        for byte in raw.head(f"POST /instances.json HTTP/1.1\n{raw.AUTHORIZED}", b"plan=nano"):
            connection.sendall(bytes([byte]))
        assert raw.parse(raw.receive(connection)).status == 201


def test_requests_in_one_record_are_answered_in_order(api: Served) -> None:
    health = b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    requested = health * 200 + raw.head("GET /nowhere HTTP/1.1\nHost: localhost")
    assert 8192 < len(requested) < 2**14
    with raw.connect(api.url) as connection:
        connection.sendall(requested)
        received = raw.receive(connection)

    assert received.count(b"HTTP/1.1 200 OK") == 200
    assert received.rindex(b"HTTP/1.1 404 Not Found") > received.rindex(b"HTTP/1.1 200 OK")


def test_one_connection_serves_a_session(api: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "urllib3.connectionpool")
    for _ in range(5):
        assert api.get("/instances").status_code == 200
    assert api.get("/nowhere").status_code == 404

    assert sum("Starting new HTTPS connection" in record.getMessage() for record in caplog.records) == 1


def test_the_emulators_own_origin_is_an_https_one(api: Served) -> None:
    host = urlsplit(api.url).netloc

    assert api.get("/instances", headers={"Origin": f"https://{host}"}).status_code == 200
    assert api.get("/instances", headers={"Host": "localhost", "Origin": "https://localhost:443"}).status_code == 200
    assert api.get("/instances", headers={"Origin": f"http://{host}"}).status_code == 403


@pytest.mark.parametrize("request_line", ["GET /instances.json", "POST /instances", "OPTIONS *"])
def test_a_client_of_plain_http_is_told_to_use_https(api: Served, request_line: str) -> None:
    answer = raw.send(plain(api), raw.head(f"{request_line} HTTP/1.1\n{raw.AUTHORIZED}"))

    assert (answer.status, answer.text) == (400, HTTPS_ONLY)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["connection"] == "close"
    assert api.log[-1]["hint"] == HTTPS_ONLY.strip()
    assert api.emulator.requests.last.status == 400


def test_a_client_of_plain_http_receives_its_refusal_while_it_is_still_sending(api: Served) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{plain(api)}/instances.json", data=b"x" * 8_000_000, timeout=10)

    assert (answer.status_code, answer.text) == (400, HTTPS_ONLY)
    assert api.get("/instances").json() == []


def test_a_client_of_https_is_refused_at_once_where_plain_http_is_spoken(serve: Serve) -> None:
    served = serve()
    with raw.connect(served.url) as connection, pytest.raises(ssl.SSLError):
        unverified().wrap_socket(connection)

    until(lambda: served.log)
    assert served.log[-1]["status"] == 400
    assert "use http://, or start with --tls" in served.log[-1]["hint"]
    assert served.emulator.requests.last.status == 400


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01\x00\x02", b"\x16" * 5000, b"\0" * 100, b"\xff\xfe"]
)
def test_garbage_ends_only_its_own_connection(api: Served, garbage: bytes) -> None:
    with raw.connect(plain(api)) as connection:
        connection.sendall(garbage)
        with contextlib.suppress(OSError):  # the server may have ended it by now
            connection.shutdown(socket.SHUT_WR)
        assert b"HTTP" not in raw.receive(connection)
    assert api.get("/instances").status_code == 200
    assert len(api.log) == 1


def test_garbage_after_the_handshake_ends_only_its_own_connection(api: Served) -> None:
    manual_tls = ManualTls()
    with raw.connect(plain(api)) as connection:
        connection.sendall(manual_tls.hello())
        connection.recv(65536)
        connection.sendall(b"\x17\x03\x03\x00\x05hello")
        raw.receive(connection)
    assert api.get("/instances").status_code == 200


HELLO = ManualTls().hello()
INCOMPLETE = {"nothing": b"", "one byte": HELLO[:1], "half a hello": HELLO[:100], "a whole hello": HELLO}


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE)
def test_hundreds_of_incomplete_handshakes_do_not_delay_another_client(api: Served, sent: bytes) -> None:
    with raw.connections(plain(api), 200, sent):
        start = time.monotonic()
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 201
        assert time.monotonic() - start < PROMPT


@pytest.mark.parametrize("sent", [HELLO[:1], HELLO], ids=["one byte", "a whole hello"])
def test_a_handshake_that_takes_too_long_is_cut(api: Served, sent: bytes) -> None:
    limit(api, handshake_seconds=0.0)
    with raw.connect(plain(api)) as connection:
        connection.sendall(sent)
        raw.receive(connection)


def test_a_stop_does_not_wait_for_handshakes_that_stall(api: Served) -> None:
    api.get("/_rtgmock/health")
    with raw.connections(plain(api), 40, HELLO[:100]), raw.connections(plain(api), 40, HELLO):
        start = time.monotonic()
        api.emulator.stop()
        assert time.monotonic() - start < 2


@pytest.mark.parametrize("sent", [1, 100, len(HELLO)])
def test_a_stop_answers_the_request_of_a_handshake_in_progress(api: Served, sent: int) -> None:
    api.get("/_rtgmock/health")
    manual_tls = ManualTls()
    hello = manual_tls.hello()
    with raw.connect(plain(api)) as connection, ThreadPoolExecutor(1) as pool:
        connection.sendall(hello[:sent])
        stopped = pool.submit(api.emulator.stop)
        connection.sendall(hello[sent:])
        answer = manual_tls.talk(connection, raw.head(raw.LIST))
        stopped.result(10)

    assert raw.parse(answer).body == b"[]"


def test_an_idle_client_receives_an_orderly_end_when_the_server_stops(api: Served) -> None:
    with raw.connect(api.url) as connection:
        connection.sendall(b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = connection.recv(1000)
        while not received.endswith(b"}"):
            received += connection.recv(1000)
        api.emulator.stop()
        assert connection.recv(1000) == b""  # a mere end of the connection would be an error


def multiply_instance(state: Path, count: int) -> None:
    """Multiply the one instance of a state file."""
    tables = json.loads(state.read_bytes())
    one = tables["instances"]["1"]
    tables["instances"] = {str(n): {**one, "id": n, "port": 9000 + n} for n in range(1, count + 1)}
    tables["rtgmock"]["1"]["last_instance_id"] = count
    state.write_text(json.dumps(tables))


@pytest.mark.parametrize("tls", [(), ("--tls",)], ids=["http", "https"])
def test_a_long_response_is_complete_though_its_client_is_slow_and_the_emulator_stops(
    command: Callable[..., Command], serve: Serve, tmp_path: Path, tls: tuple[str, ...]
) -> None:
    first = serve(state=tmp_path / "state.json")
    first.create()
    first.emulator.stop()
    multiply_instance(tmp_path / "state.json", 4000)
    server = command("--state", "state.json", "--ports", "9001-19000", "--api", "2012", *tls)
    with raw.connect(server.url) as connection:
        connection.sendall(raw.head(raw.LIST))
        received = connection.recv(1000)
        server.signal(signal.SIGTERM)
        assert until(lambda: "rtgmock stops" in server.err)
        assert server.process.poll() is None
        received += raw.receive(connection)
        assert server.wait() == 0

    assert len(received) > 5_000_000  # more than the sockets' buffers hold
    assert len(json.loads(raw.parse(received).body)) == 4000
