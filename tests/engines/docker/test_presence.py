"""Whether containers can be run at once: the quick look, by which ``auto`` decides."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from rtgmock.engines.docker.presence import DEADLINE, problem
from tests.support.command import environment
from tests.support.engine_sockets import answering, silent
from tests.support.ports import free_ports
from tests.support.redis_emulators import IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    import docker

pytest_plugins = ["tests.support.redis_fixtures"]

GENEROUS = 10.0
"""Seconds within which a look must have ended, on a machine that is very busy."""


def look(folder: Path, host: str, image: str = IMAGE) -> str:
    """Look for an engine and an image, with no context of this machine."""
    return problem({"DOCKER_HOST": host, "DOCKER_CONFIG": str(folder)}, image)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", ""),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", f"the Docker engine has no image {IMAGE}"),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "the Docker engine answers 500"),
        (b"-ERR unknown command\r\n", "what answers in place of a Docker engine does not speak HTTP"),
        (b"", "(it has closed the connection)"),
    ],
)
def test_the_status_of_the_image_decides(tmp_path: Path, head: bytes, expected: str) -> None:
    asked: list[bytes] = []

    def handle(link: socket.socket) -> None:
        asked.append(link.recv(1000))
        link.sendall(head)

    with answering(tmp_path, handle) as host:
        found = look(tmp_path, host, "redis:7-alpine")

    assert found == expected or (expected and found.endswith(expected))
    assert asked == [b"GET /images/redis:7-alpine/json HTTP/1.0\r\nHost: docker\r\n\r\n"]


def test_the_name_of_an_image_is_encoded(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def handle(link: socket.socket) -> None:
        asked.append(link.recv(1000))
        link.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    with answering(tmp_path, handle) as host:
        look(tmp_path, host, "example.org:5000/a/b@sha256:00 x")

    assert asked[0].startswith(b"GET /images/example.org:5000/a/b@sha256:00%20x/json HTTP/1.0\r\n")


def test_an_answer_in_pieces_is_read(tmp_path: Path) -> None:
    def handle(link: socket.socket) -> None:
        link.recv(1000)
        for byte in b"HTTP/1.0 200 OK\r\n":
            link.sendall(bytes([byte]))

    with answering(tmp_path, handle) as host:
        assert look(tmp_path, host) == ""


@pytest.mark.parametrize("kind", ["silent", "trickling", "endless"])
def test_one_that_does_not_answer_costs_no_more_than_the_deadline(tmp_path: Path, kind: str) -> None:
    def trickle(link: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for byte in itertools.cycle(b"x"):
                link.sendall(bytes([byte]))
                time.sleep(0.02)  # the pace of what is tested

    def flood(link: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                link.sendall(b"x" * 10_000)

    begun = time.monotonic()
    with silent(tmp_path) if kind == "silent" else answering(tmp_path, flood if kind == "endless" else trickle) as host:
        found = look(tmp_path, host)

    assert found.endswith(f" does not answer within {DEADLINE} seconds" if kind != "endless" else "not speak HTTP")
    assert time.monotonic() - begun < GENEROUS


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (
            "unix:///nonexistent.sock",
            "no Docker engine answers at unix:///nonexistent.sock (No such file or directory)",
        ),
        ("tcp://127.0.0.1:{port}", "no Docker engine answers at tcp://127.0.0.1:{port} (Connection refused)"),
        ("tcp://10.255.255.1:2375", "the Docker engine tcp://10.255.255.1:2375 is only used with --redis docker"),
        ("tcp://no.such.host.invalid:2375", "the Docker engine tcp://no.such.host.invalid:2375 is only used with"),
        ("ssh://docker.example.com", "the Docker engine ssh://docker.example.com is only used with --redis docker"),
        ("nonsense", "the Docker engine nonsense is only used with --redis docker"),
        ("tcp://127.0.0.1:port", "Port could not be cast to integer value as 'port'"),
        ("tcp://[::1", "Invalid IPv6 URL"),
    ],
)
def test_an_engine_that_is_not_there_or_on_another_machine_is_told(tmp_path: Path, host: str, reason: str) -> None:
    port = str(free_ports(1)[0])

    assert look(tmp_path, host.replace("{port}", port)).startswith(reason.replace("{port}", port))


def test_an_engine_by_tls_is_not_asked(tmp_path: Path) -> None:
    variables = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_CONFIG": str(tmp_path), "DOCKER_TLS_VERIFY": "1"}

    assert problem(variables, IMAGE) == "the Docker engine tcp://127.0.0.1:1 is only used with --redis docker"


def test_an_engine_on_a_port_of_this_machine_is_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"tcp://127.0.0.1:{listener.getsockname()[1]}"

        assert look(tmp_path, host).endswith(f"does not answer within {DEADLINE} seconds")


def test_the_machines_engine_has_the_image_and_no_other(tmp_path: Path, docker_client: docker.DockerClient) -> None:
    host = docker_client.api.base_url.replace("http+docker://localhost", "unix:///var/run/docker.sock")

    assert look(tmp_path, host) == ""
    assert look(tmp_path, host, "no-such-image:1") == "the Docker engine has no image no-such-image:1"


def test_looking_does_not_import_the_sdk() -> None:
    script = "import rtgmock.engines.docker.presence as p, sys; p.problem({}, 'x'); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, env=environment()
    )

    assert "rtgmock.engines.docker.address" in done.stdout.split()
    assert {"docker", "requests", "urllib3", "http.client"}.isdisjoint(done.stdout.split())
