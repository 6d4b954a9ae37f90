"""The HTTPS port as a proxy: ``CONNECT redistogo.com:443``, TLS in the tunnel, and clients that do it wrongly."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support import raw
from tests.support.command import until
from tests.support.limits import limit
from tests.support.manual_tls import ManualTls, unverified
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtgmock.server.http_server import HttpServer
    from tests.conftest import Serve, Served
    from tests.support.command import Command

CONNECT = b"CONNECT redistogo.com:443 HTTP/1.1\r\nHost: redistogo.com:443\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
ONLY = (
    "rtgmock is a proxy for https://redistogo.com and https://www.redistogo.com only; "
    "except other hosts from it, as by the variable NO_PROXY.\n"
)
CUT = (ConnectionResetError, ssl.SSLEOFError)
"""An end that is not orderly, by which TLS tells it."""
SERVICE = "Host: redistogo.com\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
LIST = f"GET /instances.json HTTP/1.1\n{SERVICE}"


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(tls=True)


def plain(url: str) -> str:
    """The URL with plain HTTP."""
    return url.replace("https", "http")


def server(api: Served) -> HttpServer:
    return api.emulator._parts.server


@contextlib.contextmanager
def granted(url: str, request: bytes = CONNECT) -> Iterator[socket.socket]:
    """Give a connection whose tunnel is granted, and in which no TLS was spoken yet."""
    with raw.connect(plain(url)) as connection:
        connection.sendall(request)
        received = b""
        while not received.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)  # what follows belongs to TLS
            assert byte, received
            received += byte
        assert received == ESTABLISHED
        yield connection


@contextlib.contextmanager
def tunnel(served: Served, name: str = "redistogo.com") -> Iterator[ssl.SSLSocket]:
    """Give a tunnel to the service, whose certificate is checked."""
    context = ssl.create_default_context(cafile=served.emulator.certificate)
    request = CONNECT.replace(b"redistogo.com", name.encode())
    with (
        granted(served.url, request) as connection,
        context.wrap_socket(connection, server_hostname=name, suppress_ragged_eofs=False) as secured,
    ):
        yield secured


def ask(secured: socket.socket, request: bytes) -> raw.Answer:
    """Send a request in a tunnel, and return the answer, after which the connection may go on."""
    secured.sendall(request)
    received = b""
    while not raw.is_whole(received):
        chunk = secured.recv(65536)
        assert chunk, received
        received += chunk
    return raw.parse(received)


@pytest.mark.parametrize("name", ["redistogo.com", "www.redistogo.com"])
def test_the_service_is_reached_through_the_emulator_as_a_proxy(api: Served, name: str) -> None:
    with tunnel(api, name) as secured:
        made = ask(secured, raw.head(f"POST /instances.json HTTP/1.1\n{SERVICE}\nConnection: keep-alive", b"plan=nano"))
        shown = ask(
            secured, raw.head(f"GET /instances/1.json HTTP/1.1\n{SERVICE.replace('redistogo', 'www.redistogo')}")
        )
        assert secured.recv(1) == b""

    assert (made.status, shown.status) == (201, 200)
    assert json.loads(made.body) == json.loads(shown.body) | {"status": "new"}
    assert [(entry["method"], entry["path"]) for entry in api.log] == [
        ("POST", "/instances.json"),
        ("GET", "/instances/1.json"),
    ]


def test_the_url_has_the_host_of_the_proxy_since_the_services_name_leads_to_no_redis(api: Served) -> None:
    with tunnel(api) as secured:
        made = ask(secured, raw.head(f"POST /instances.json HTTP/1.1\n{SERVICE}", b"plan=nano"))

    assert json.loads(made.body)["hostname"] == "127.0.0.1"


@pytest.mark.parametrize(
    "request_head",
    [
        b"CONNECT RedisToGo.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT redistogo.com.:443 HTTP/1.1\r\n\r\n",
        b"CONNECT redistogo.com:443 HTTP/1.1\r\nContent-Length: 0\r\nProxy-Connection: keep-alive\r\n\r\n",
        b"CONNECT redistogo.com:443 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\nExpect: 100-continue\r\n\r\n",
        b"CONNECT redistogo.com:443 HTTP/1.1\r\nConnection: close\r\nUpgrade: x\r\n\r\n",
    ],
)
def test_a_tunnel_is_granted_to_every_spelling(api: Served, request_head: bytes) -> None:
    with granted(api.url, request_head) as connection, unverified().wrap_socket(connection) as secured:
        assert ask(secured, raw.head(LIST)).body == b"[]"


def test_a_client_of_http_1_0_is_granted_a_tunnel_in_its_version(api: Served) -> None:
    with raw.connect(plain(api.url)) as connection:
        connection.sendall(b"CONNECT redistogo.com:443 HTTP/1.0\r\n\r\n")
        assert connection.recv(1000) == ESTABLISHED.replace(b"1.1", b"1.0")
        with unverified().wrap_socket(connection) as secured:
            assert ask(secured, raw.head(LIST)).body == b"[]"


@pytest.mark.parametrize(
    "target",
    [
        "example.org:443",
        "redistogo.com:80",
        "redistogo.com:0443",
        "redistogo.com:",
        "redistogo.com",
        "redistogo.com..:443",
        "sub.redistogo.com:443",
        "redistogo.com.example.org:443",
        "user@redistogo.com:443",
        "localhost:443",
        "127.0.0.1:443",
        "[::1]:443",
        "::1:443",
        "/instances.json",
        "https://redistogo.com:443",
        "*",
        ":443",
        "443",
    ],
)
def test_a_tunnel_to_any_other_place_is_refused(api: Served, target: str) -> None:
    answer = raw.send(plain(api.url), f"CONNECT {target} HTTP/1.1\r\nHost: redistogo.com:443\r\n\r\n".encode())

    assert (answer.status, answer.text) == (403, ONLY)
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (api.log[-1]["method"], api.log[-1]["status"]) == ("CONNECT", 403)
    assert "NO_PROXY" in api.log[-1]["hint"]
    assert api.emulator.requests.last.status == 403


@pytest.mark.parametrize("url", ["http://example.org/", "http://redistogo.com/instances.json", "ftp://example.org/x"])
def test_a_proxys_request_without_tls_is_refused(api: Served, url: str) -> None:
    answer = raw.send(plain(api.url), f"GET {url} HTTP/1.1\r\nHost: redistogo.com\r\n\r\n".encode())

    assert (answer.status, answer.text) == (403, ONLY)


def test_a_refused_place_shows_no_secret(api: Served) -> None:
    raw.send(plain(api.url), b"CONNECT username:pa55word@example.org:443 HTTP/1.1\r\n\r\n")

    assert "pa55word" not in str(api.log)
    assert "pa55word" not in str(api.emulator.requests)


@pytest.mark.parametrize(
    "head",
    [
        b"CONNECT redistogo.com:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"CONNECT redistogo.com:443 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n",
        b"CONNECT redistogo.com:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_tunnel_with_a_body_is_refused(api: Served, head: bytes) -> None:
    answer = raw.send(plain(api.url), head)

    assert (answer.status, answer.text) == (400, "The request cannot be read: CONNECT has no body.\n")


def test_a_tunnel_is_refused_by_the_limits_of_every_request(api: Served) -> None:
    long_target = raw.send(plain(api.url), b"CONNECT " + b"x" * 9000 + b":443 HTTP/1.1\r\n\r\n")
    many_headers = raw.send(plain(api.url), CONNECT.replace(b"\r\n\r\n", b"\r\na: b" * 101 + b"\r\n\r\n"))

    assert (long_target.status, many_headers.status) == (414, 431)


def test_a_client_may_send_its_handshake_together_with_its_request(api: Served) -> None:
    manual = ManualTls()
    with raw.connect(plain(api.url)) as connection:
        connection.sendall(CONNECT + manual.hello())
        assert connection.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        received = manual.talk(connection, raw.head(LIST))

    assert raw.parse(received).body == b"[]"


def test_a_request_and_a_handshake_may_come_byte_by_byte(api: Served) -> None:
    manual = ManualTls()
    with raw.connect(plain(api.url)) as connection:
        for byte in CONNECT + manual.hello():
            connection.sendall(bytes([byte]))
        assert connection.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
        assert raw.parse(manual.talk(connection, raw.head(LIST))).body == b"[]"


def test_a_body_in_the_tunnel_may_be_as_large_as_any(api: Served) -> None:
    with tunnel(api) as secured:
        body = b'{"plan": "nano"}'.ljust(1_000_000)
        head = f"POST /instances.json HTTP/1.1\n{SERVICE}\nContent-Type: application/json\nConnection: keep-alive"
        assert ask(secured, raw.head(head, body)).status == 201
        assert ask(secured, raw.head(head, body)).status == 201


GARBAGE = {
    "plain HTTP": raw.head(LIST),
    "another CONNECT": CONNECT,
    "no TLS": b"\x16\x03\x01\x00\x05hello",
    "zeros": b"\0" * 50_000,
}


@pytest.mark.parametrize("together", [False, True], ids=["after the answer", "together"])
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_tls_ends_the_tunnel(
    api: Served, garbage: bytes, together: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with raw.connect(plain(api.url)) as connection:
        if together:
            connection.sendall(CONNECT + garbage)
        else:
            connection.sendall(CONNECT)
            assert connection.recv(len(ESTABLISHED), socket.MSG_WAITALL) == ESTABLISHED
            connection.sendall(garbage)
        rest = raw.receive(connection)

    assert rest.removeprefix(ESTABLISHED)[:1] in {b"", b"\x15"}  # nothing, or an alert of TLS
    assert until(lambda: not len(server(api)._handshakes))
    assert (api.log, caplog.records) == ([], [])
    assert api.get("/instances").json() == []


def test_a_tunnel_in_the_tunnel_is_refused(api: Served) -> None:
    with tunnel(api) as secured:
        answer = ask(secured, CONNECT)

    assert 400 <= answer.status < 500
    assert b"200" not in answer.body


def test_a_tunnel_over_tls_is_refused(api: Served) -> None:
    answer = raw.send(api.url, CONNECT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    assert 400 <= answer.status < 500


def test_without_tls_there_is_no_tunnel_and_a_sentence_says_what_to_do(serve: Serve) -> None:
    answer = raw.send(serve().url, raw.head("CONNECT redistogo.com:443 HTTP/1.1\nHost: redistogo.com:443"))

    assert answer.status == 403
    assert "started with --tls, it is a proxy for redistogo.com, and for no other host" in answer.text


@pytest.mark.parametrize("sent", [0, 100, 10_000], ids=["nothing", "half a hello", "a whole hello"])
def test_a_tunnel_whose_handshake_takes_too_long_is_cut(api: Served, sent: int) -> None:
    limit(api, handshake_seconds=0.05)
    with granted(api.url) as connection:
        connection.sendall(ManualTls().hello()[:sent])
        raw.receive(connection)

    assert until(lambda: not server(api).connections and server(api).room._occupants == set())


def test_a_tunnel_that_is_idle_too_long_is_closed(api: Served) -> None:
    limit(api, idle_seconds=0.0)
    with tunnel(api) as secured:
        assert secured.recv(1) == b""


def test_a_client_that_leaves_a_tunnel_leaves_nothing(api: Served) -> None:
    for leave in (socket.SHUT_WR, socket.SHUT_RDWR):
        with granted(api.url) as connection:
            connection.shutdown(leave)
            raw.receive(connection)
    with tunnel(api) as secured:
        assert ask(secured, raw.head(f"{LIST}\nConnection: keep-alive")).status == 200

    assert until(lambda: not server(api).connections and server(api).room._occupants == set())


# Faults, limits and a stop hold in the tunnel as they do outside


def test_faults_apply_in_the_tunnel(api: Served) -> None:
    api.create()

    with api.emulator.fail("GET", "/instances.json", truncate=5), tunnel(api) as secured:
        secured.sendall(raw.head(LIST))
        cut = raw.parse(raw.receive(secured))
    with api.emulator.fail("GET", "/instances.json", drop="after"), tunnel(api) as secured:
        secured.sendall(raw.head(LIST))
        with pytest.raises(CUT):
            secured.recv(1000)
    with api.emulator.fail("GET", "/instances.json", status=503), tunnel(api) as secured:
        failed = ask(secured, raw.head(LIST))

    assert (cut.status, len(cut.body), failed.status) == (200, 5, 503)
    assert int(cut.headers["content-length"]) > 5
    assert [entry.status for entry in api.emulator.requests] == [201, 200, 200, 503]


def test_a_tunnel_takes_one_place_and_gives_it_to_a_newcomer(api: Served) -> None:
    limit(api, connections=2)
    with tunnel(api) as first, granted(api.url) as second:
        assert until(lambda: len(server(api).room._occupants) == 2)
        with tunnel(api) as third:
            assert ask(third, raw.head(f"{LIST}\nConnection: keep-alive")).status == 200
            assert len(server(api).room._occupants) == 2
            with pytest.raises(CUT):
                first.recv(1)
            second.setblocking(False)
            with pytest.raises(BlockingIOError):
                second.recv(1)


def test_a_stop_answers_the_request_in_a_tunnel_and_ends_idle_ones_in_order(api: Served) -> None:
    fault = api.emulator.fail("GET", "/instances.json", delay=60)
    with tunnel(api) as idle, tunnel(api) as busy, granted(api.url) as silent, ThreadPoolExecutor(1) as pool:
        assert ask(idle, raw.head(f"GET /instances/1.json HTTP/1.1\n{SERVICE}\nConnection: keep-alive")).status == 404
        busy.sendall(raw.head(LIST))
        assert until(lambda: fault.matched == 1)
        begun = time.monotonic()
        stopped = pool.submit(api.emulator.stop)
        assert raw.parse(raw.receive(busy)).body == b"[]"
        assert idle.recv(1) == b""
        assert raw.receive(silent) == b""
        stopped.result(10)

    assert time.monotonic() - begun < 5


def test_many_tunnels_take_no_thread(command: Callable[..., Command]) -> None:
    count = rounds(100, 1000)
    server = command("--tls", "--state", ":memory:", open_files=4096)
    process = psutil.Process(server.process.pid)
    with granted(server.url) as one, contextlib.ExitStack() as stack:
        unverified().wrap_socket(one).close()
        before = process.num_threads()
        opened = [stack.enter_context(granted(server.url)) for _ in range(count)]
        secured = [stack.enter_context(unverified().wrap_socket(connection)) for connection in opened[: count // 2]]
        assert process.num_threads() == before
        assert ask(secured[-1], raw.head(LIST)).body == b"[]"
