"""The addresses that the server listens on: ``localhost`` is both loopback addresses."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from rtgmock.errors import StartupError
from rtgmock.network import listening_hosts
from tests.support import raw
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from tests.conftest import Serve

pytestmark = pytest.mark.skipif(listening_hosts("localhost") == ("127.0.0.1",), reason="this machine has no IPv6")
LOOPBACK = ("127.0.0.1", "[::1]")


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("is_free", [False, True], ids=["a port", "a free port"])
def test_localhost_is_listened_on_at_both_loopback_addresses(serve: Serve, tls: bool, is_free: bool) -> None:
    [port] = [0] if is_free else free_ports(1)
    api = serve(host="localhost", port=port, tls=tls)
    parts = urlsplit(api.url)
    urls = [f"{parts.scheme}://{host}:{parts.port}" for host in LOOPBACK]

    assert parts.hostname == "localhost"
    assert [raw.send(url, raw.head(raw.LIST)).body for url in urls] == [b"[]", b"[]"]
    api.emulator.stop()
    for url in urls:
        with pytest.raises(ConnectionRefusedError):
            raw.connect(url)


def test_a_stop_answers_what_has_arrived_at_either_address(serve: Serve) -> None:
    api = serve(host="localhost")
    port = urlsplit(api.url).port
    connections = [raw.connect(f"http://{host}:{port}") for host in LOOPBACK]
    for connection in connections:
        connection.sendall(raw.head(raw.LIST))
    api.emulator.stop()

    for connection in connections:
        with connection:
            assert raw.parse(raw.receive(connection)).body == b"[]"


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_that_is_taken_at_one_address_is_taken(serve: Serve, family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartupError, match=f"the port {port} on localhost is taken"):
            serve(host="localhost", port=port)


def test_other_hosts_are_listened_on_at_one_address(serve: Serve) -> None:
    api = serve(host="::1")

    with pytest.raises(ConnectionRefusedError):
        raw.connect(f"http://127.0.0.1:{urlsplit(api.url).port}")
