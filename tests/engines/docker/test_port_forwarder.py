"""The port forwarder over real sockets: data and its end arrive, and a broken side breaks off the other."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol

import pytest

from rtgmock.engines.docker.port_forwarder import PortForwarder
from rtgmock.engines.ports import can_listen
from tests.support.command import until
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEGABYTE = os.urandom(2**20)
KEY = 7


class StartTarget(Protocol):
    def __call__(self, serve: Callable[[socket.socket], object]) -> TargetServer: ...


class TargetServer:
    """A server that calls ``serve`` with each connection, in a new thread."""

    def __init__(self, serve: Callable[[socket.socket], object]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._serve = serve
        self.address: tuple[str, int] = self._listener.getsockname()
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(20)
                self.connections.append(connection)
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self.connections):
            each.close()


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def say(word: bytes, connection: socket.socket) -> None:
    connection.sendall(word)
    connection.close()


def received(connection: socket.socket) -> bytes:
    """Return everything received until the other side ends."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def exchanged(port: int, data: bytes) -> bytes:
    """Send ``data`` and its end, and return what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        sender = threading.Thread(target=send, args=(client, data))
        sender.start()
        answer = received(client)
        sender.join(20)
        return answer


@pytest.fixture
def forwarder() -> Iterator[PortForwarder]:
    forwarder = PortForwarder("127.0.0.1")
    yield forwarder
    forwarder.close()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def start_target() -> Iterator[StartTarget]:
    with contextlib.ExitStack() as stack:

        def start(serve: Callable[[socket.socket], object]) -> TargetServer:
            server = TargetServer(serve)
            stack.callback(server.close)
            return server

        yield start


def test_a_megabyte_goes_each_way_on_fifty_connections_at_once(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    server = start_target(echo)
    forwarder.forward(KEY, port, lambda: server.address)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: exchanged(port, MEGABYTE), range(50)))

    assert all(answer == MEGABYTE for answer in answers)


def test_a_client_that_has_ended_its_side_still_gets_the_answer(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    def answer_at_the_end(connection: socket.socket) -> None:
        connection.sendall(b"all of " + received(connection))
        connection.close()

    server = start_target(answer_at_the_end)
    forwarder.forward(KEY, port, lambda: server.address)

    assert exchanged(port, b"it") == b"all of it"


def test_a_server_that_has_ended_its_side_still_gets_what_comes(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    got: list[bytes] = []

    def end_first(connection: socket.socket) -> None:
        connection.shutdown(socket.SHUT_WR)
        got.append(received(connection))

    server = start_target(end_first)
    forwarder.forward(KEY, port, lambda: server.address)

    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        assert received(client) == b""
        client.sendall(b"the rest")
    assert until(lambda: got) == [b"the rest"]


def test_what_is_not_taken_is_not_heaped_up(forwarder: PortForwarder, port: int, start_target: StartTarget) -> None:
    server = start_target(lambda connection: None)
    forwarder.forward(KEY, port, lambda: server.address)

    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as client:
        assert sent_until_it_stalls(client, 64 * len(MEGABYTE)) < 32 * len(MEGABYTE)


def sent_until_it_stalls(connection: socket.socket, most: int) -> int:
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most:
            sent += connection.send(MEGABYTE)
    return sent


def test_a_client_of_a_server_that_is_not_there_is_hung_up_on(forwarder: PortForwarder, port: int) -> None:
    forwarder.forward(KEY, port, lambda: ("127.0.0.1", free_ports(1)[0]))
    assert hung_up(port)


def test_a_client_is_hung_up_on_when_nobody_knows_where_the_server_is(forwarder: PortForwarder, port: int) -> None:
    def locate() -> tuple[str, int]:
        raise ConnectionRefusedError

    forwarder.forward(KEY, port, locate)
    assert hung_up(port)


def hung_up(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client, contextlib.suppress(ConnectionResetError):
        return client.recv(1) == b""
    return True


@pytest.mark.parametrize("breaks_off", ["client", "server"])
def test_a_side_that_breaks_off_breaks_off_the_other(
    forwarder: PortForwarder, port: int, start_target: StartTarget, breaks_off: str
) -> None:
    server = start_target(lambda connection: None)
    forwarder.forward(KEY, port, lambda: server.address)

    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        [behind] = until(lambda: server.connections)
        one, other = (client, behind) if breaks_off == "client" else (behind, client)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
        assert until(lambda: refuses(other))


def refuses(connection: socket.socket) -> bool:
    """Return whether sending fails, which an end of the other direction alone does not cause."""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        return not connection.send(b"x")
    return True


def test_every_connection_goes_where_the_server_is_by_then(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    addresses = iter([start_target(partial(say, name)).address for name in (b"1", b"2")])
    forwarder.forward(KEY, port, lambda: next(addresses))

    assert exchanged(port, b"") + exchanged(port, b"") == b"12"


def test_a_port_that_is_shut_is_free_and_its_connections_are_broken_off(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    server = start_target(echo)
    forwarder.forward(KEY, port, lambda: server.address)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"

        forwarder.stop(KEY)

        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert can_listen("127.0.0.1", port)
    forwarder.forward(KEY, port, lambda: server.address)
    assert exchanged(port, b"again") == b"again"


def test_to_open_and_to_shut_twice_does_nothing_more(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    server = start_target(echo)
    forwarder.forward(KEY, port, lambda: server.address)
    forwarder.forward(KEY, port, lambda: server.address)
    assert exchanged(port, b"x") == b"x"

    forwarder.stop(KEY)
    forwarder.stop(KEY)
    forwarder.close()
    forwarder.close()


def test_another_port_takes_the_place_of_the_first(forwarder: PortForwarder, start_target: StartTarget) -> None:
    server = start_target(echo)
    first, second = free_ports(2)
    forwarder.forward(KEY, first, lambda: server.address)
    forwarder.forward(KEY, second, lambda: server.address)

    assert can_listen("127.0.0.1", first)
    assert exchanged(second, b"x") == b"x"


def test_a_port_that_is_taken_is_refused_and_can_be_asked_for_again(
    forwarder: PortForwarder, port: int, start_target: StartTarget
) -> None:
    server = start_target(echo)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="already in use"):
        forwarder.forward(KEY, port, lambda: server.address)

    forwarder.forward(KEY, port, lambda: server.address)
    assert exchanged(port, b"x") == b"x"


def test_a_close_ends_the_thread_and_frees_the_ports(port: int, start_target: StartTarget) -> None:
    server = start_target(echo)
    forwarder = PortForwarder("127.0.0.1")
    ports = free_ports(3)
    for key, each in enumerate(ports):
        forwarder.forward(key, each, lambda: server.address)

    forwarder.close()

    assert all(can_listen("127.0.0.1", each) for each in ports)
    # Only its own thread: others of this process may start and end meanwhile, as those of the servers above.
    assert not forwarder.thread.is_alive()
