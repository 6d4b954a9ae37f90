"""The limits of the HTTP server: each is answered in the one shape of all errors, logged, and kept in the journal."""

from __future__ import annotations

import contextlib
import resource
import select
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from rtgmock.server.limits import FILE_RESERVE, Limits
from tests.support import raw
from tests.support.command import until
from tests.support.limits import limit

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.conftest import Serve, Served
    from tests.support.command import Command

GET = f"GET /instances.json HTTP/1.1\n{raw.AUTHORIZED}"
POST = f"POST /instances.json HTTP/1.1\n{raw.AUTHORIZED}\nContent-Type: application/json"
HEALTH = b"GET /_rtgmock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
LIMITS = Limits()


def path_of_length(length: int) -> str:
    return "/" + "x" * (length - 1)


def with_headers(count: int) -> str:
    """A request with so many headers, of which raw.head adds the last one."""
    return GET + "".join(f"\nX-{number}: 1" for number in range(count - 3))


@pytest.fixture
def api(serve: Serve, tls: bool) -> Served:
    return serve(tls=tls)


# Sizes

OVER = {
    "target": (414, f"GET {path_of_length(LIMITS.target + 1)} HTTP/1.1\n{raw.AUTHORIZED}", "longer than 8192 bytes"),
    "long target": (414, f"GET {path_of_length(60_000)} HTTP/1.1\n{raw.AUTHORIZED}", "longer than 8192 bytes"),
    "query": (414, f"GET /instances?{'url' * 20_000} HTTP/1.1\n{raw.AUTHORIZED}", "longer than 8192 bytes"),
    "headers": (431, f"{GET}\nX: {'x' * LIMITS.headers}", "larger than 65535 bytes"),
    "number of headers": (431, with_headers(101), "has 101 headers; at most 100 are read"),
    "length of the body": (413, f"{POST}\nContent-Length: {LIMITS.body + 1}", "larger than 1048576 bytes"),
}


@pytest.mark.parametrize(("status", "head", "said"), OVER.values(), ids=OVER)
def test_what_is_over_a_limit_is_refused(api: Served, status: int, head: str, said: str) -> None:
    answer = raw.send(api.url, raw.head(head))

    assert_refused(api, answer, status, said)


def assert_refused(api: Served, answer: raw.Answer, status: int, said: str) -> None:
    """The answer is one sentence in plain text that ends the connection, and log and journal have it, too."""
    assert (answer.status, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert answer.headers["connection"] == "close"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.text.endswith(".\n")
    assert said in answer.text
    assert max(map(len, (answer.text, api.log[-1]["path"], api.log[-1]["hint"]))) <= 300
    assert (api.log[-1]["status"], api.log[-1]["hint"]) == (status, answer.text.strip())
    assert api.emulator.requests.last.status == status


WITHIN = {
    "target": (404, f"GET {path_of_length(LIMITS.target)} HTTP/1.1\n{raw.AUTHORIZED}"),
    "headers": (200, f"{GET}\nX: {'x' * (LIMITS.headers - 200)}"),
    "number of headers": (200, with_headers(100)),
}


@pytest.mark.parametrize(("status", "head"), WITHIN.values(), ids=WITHIN)
def test_what_is_just_within_a_limit_is_answered(api: Served, status: int, head: str) -> None:
    assert raw.send(api.url, raw.head(head)).status == status


def test_a_body_of_the_maximum_size_is_read_in_chunks_too(api: Served) -> None:
    body = b'{"plan": "nano"}'.ljust(LIMITS.body)
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    assert raw.send(api.url, raw.head(f"{POST}\nTransfer-Encoding: chunked", chunk, length=False)).status == 201


def test_no_body_and_no_answer_is_kept_in_a_file(command: Callable[..., Command]) -> None:
    server = command("--state", ":memory:", env={"TMPDIR": "/nowhere"})
    body = b'{"plan": "nano"}'.ljust(LIMITS.body)

    assert raw.send(server.url, raw.head(POST, body)).status == 201


def test_a_body_in_chunks_that_is_too_large_is_refused(api: Served) -> None:
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (LIMITS.body + 1, b" " * (LIMITS.body + 1))
    answer = raw.send(api.url, raw.head(f"{POST}\nTransfer-Encoding: chunked", chunk, length=False))

    assert_refused(api, answer, 413, "larger than 1048576 bytes")


# Time

INCOMPLETE = {
    "a part of the request line": b"POST /inst",
    "a part of the headers": b"POST /instances.json HTTP/1.1\r\nHost: local",
    "a part of the body": raw.head(f"{POST}\nContent-Length: 9") + b"plan",
    "a part of a chunk": raw.head(f"{POST}\nTransfer-Encoding: chunked") + b"9\r\nplan",
    "no part of the body that it waits to send": raw.head(f"{POST}\nContent-Length: 9\nExpect: 100-continue"),
}


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_request_that_takes_too_long_is_refused(api: Served, sent: bytes) -> None:
    limit(api, request_seconds=0.0)
    with raw.connect(api.url) as connection:
        connection.sendall(sent)
        answer = raw.parse(raw.receive(connection))

    assert_refused(api, answer, 408, "was not complete after 0 seconds, which is the most that it may take")


# Framing

UNREADABLE = {
    "length and chunks": (400, f"{POST}\nContent-Length: 3\nTransfer-Encoding: chunked"),
    "two lengths": (400, f"{POST}\nContent-Length: 3\nContent-Length: 4"),
    "two equal lengths": (400, f"{POST}\nContent-Length: 3\nContent-Length: 3"),
    "a list of lengths": (400, f"{POST}\nContent-Length: 3, 3"),
    "a signed length": (400, f"{POST}\nContent-Length: +3"),
    "an endless length": (400, f"{POST}\nContent-Length: {'9' * 40}"),
    "a folded header": (400, f"{GET}\nX: a\n b"),
    "a control character": (400, f"{GET}\nX: a\x01b"),
    "a zero byte": (400, f"{GET}\nX: a\x00b"),
    "a blank before a colon": (400, f"{GET}\nX : a"),
    "a header without a name": (400, f"{GET}\n: a"),
    "another coding": (501, f"{POST}\nTransfer-Encoding: gzip"),
    "another coding before the chunks": (501, f"{POST}\nTransfer-Encoding: gzip, chunked"),
}


@pytest.mark.parametrize(("status", "head"), UNREADABLE.values(), ids=UNREADABLE)
def test_contradictory_or_malformed_framing_is_refused(api: Served, status: int, head: str) -> None:
    answer = raw.send(api.url, raw.head(head) + b"{}" + raw.head(GET))

    assert_refused(api, answer, status, "chunked" if status == 501 else "The request cannot be read: ")
    assert len(api.log) == 1  # what follows is not taken for a request


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET /instances HTTP/1.1\nHost: localhost\n\n", b"GET /instances HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n"],
    ids=["all", "one"],
)
def test_lines_that_end_with_a_bare_lf_are_refused_at_once(api: Served, request_bytes: bytes) -> None:
    with raw.connect(api.url) as connection:
        connection.sendall(request_bytes)
        answer = raw.parse(raw.receive(connection))

    assert_refused(api, answer, 400, "The request cannot be read: ")


@pytest.mark.parametrize("size", [b"ffffffffffffffffff", b"-1", b"0x10", b"", b" 5", b"5 ;"])
def test_a_chunk_of_an_impossible_size_is_refused(api: Served, size: bytes) -> None:
    head = raw.head(f"{POST}\nTransfer-Encoding: chunked")
    answer = raw.send(api.url, head + size + b"\r\n" + b"x" * 100)

    assert_refused(api, answer, 400, "The request cannot be read: ")


# Numbers


def test_a_connection_with_many_requests_waiting_is_not_read(api: Served) -> None:
    api.emulator.fail("GET", "/instances.json", delay=60)
    with raw.connect(api.url, timeout=0.5) as connection:
        with pytest.raises(TimeoutError):  # the buffers of both sides hold a small part of it
            connection.sendall(raw.head(f"{GET}\nConnection: keep-alive") * 200_000)
        assert api.get("/_rtgmock/health").status_code == 200


def test_a_connection_is_read_again_when_its_requests_are_answered(api: Served) -> None:
    with raw.connect(api.url) as connection:
        connection.sendall(HEALTH * 500 + raw.head("GET /nowhere HTTP/1.1\nHost: localhost"))
        received = raw.receive(connection)

    assert received.count(b"HTTP/1.1 200 OK") == 500
    assert received.count(b"HTTP/1.1 404 Not Found") == 1


def answered(connection: socket.socket) -> bytes:
    connection.sendall(HEALTH)
    return connection.recv(65536)


def test_the_connection_that_is_idle_longest_is_closed_for_a_newcomer(serve: Serve) -> None:
    api = serve()
    limit(api, connections=3)
    with raw.connect(api.url) as first, raw.connect(api.url) as second, raw.connect(api.url) as third:
        for connection in (first, second, third, first):
            assert b"200 OK" in answered(connection)
        with raw.connect(api.url) as newcomer:
            assert b"200 OK" in answered(newcomer)
            assert is_closed(second)
            assert b"200 OK" in answered(first)
            assert b"200 OK" in answered(third)


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except OSError:
        return True


def test_a_newcomer_waits_while_all_connections_are_being_answered(serve: Serve) -> None:
    api = serve()
    limit(api, connections=2)
    fault = api.emulator.fail("GET", "/instances.json", delay=60)
    with raw.connections(api.url, 2, raw.head(GET)) as held:
        server = api.emulator._parts.server
        assert until(lambda: [connection.writer.is_held for connection in list(server.connections)] == [True, True])
        fault.remove()
        with raw.connect(api.url) as newcomer:
            newcomer.sendall(HEALTH)
            assert select.select([newcomer], [], [], 0.2)[0] == []
            held[0].close()
            assert b"200 OK" in newcomer.recv(65536)


def test_the_listener_goes_on_when_handshakes_that_took_all_room_are_cut(serve: Serve) -> None:
    api = serve(tls=True)
    limit(api, connections=2)
    limit(api, handshake_seconds=0.1)
    with raw.connections(api.url.replace("https", "http"), 2, b""):
        assert raw.send(api.url, raw.head(GET)).status == 200


# A process with few files


def test_there_are_as_many_connections_as_open_files_less_a_reserve(command: Callable[..., Command]) -> None:
    server = command("--state", ":memory:", open_files=FILE_RESERVE + 100)
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(110):
            connections.append(stack.enter_context(raw.connect(server.url)))
            assert b"200 OK" in answered(connections[-1])
        assert all(is_closed(connection) for connection in connections[:10])
        assert all(b"200 OK" in answered(connection) for connection in connections[10:])


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limit of another process can be set on Linux only")
def test_the_listener_rests_while_no_file_can_be_opened_and_goes_on_after_it(command: Callable[..., Command]) -> None:
    server = command("--state", ":memory:")
    process = psutil.Process(server.process.pid)
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    with raw.connect(server.url) as connection:
        assert b"200 OK" in answered(connection)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (process.num_fds(), before[1]))
        with raw.connect(server.url) as newcomer:
            newcomer.sendall(HEALTH)
            used, begun = sum(process.cpu_times()[:2]), time.monotonic()
            assert select.select([newcomer], [], [], 0.5)[0] == []
            # A listener that is told of the same newcomer again and again needs all of a core.
            assert sum(process.cpu_times()[:2]) - used < 0.5 * (time.monotonic() - begun)
            assert b"200 OK" in answered(connection)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
            assert b"200 OK" in newcomer.recv(65536)
