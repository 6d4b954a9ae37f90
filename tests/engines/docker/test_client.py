"""Engines of every kind that DOCKER_HOST can name."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import docker
import pytest
import trustme

from rtgmock.engines.docker.client import connect
from rtgmock.errors import StartupError
from rtgmock.model.plans import PLANS
from tests.support.engine_hosts import ELSEWHERE, Host, Sshd, tcp, tls
from tests.support.main import run_main
from tests.support.ports import free_ports
from tests.support.redis_client import ask, run_id
from tests.support.redis_emulators import IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Serve
    from tests.support.private_engine import PrivateEngine
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.engine_fixtures"]


@pytest.fixture
def engine_name() -> str:
    return "docker"


@pytest.fixture
def docker_client(engine_host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """A client of the engine under test, by its socket; DOCKER_HOST of this process names the engine too."""
    for name, value in engine_host.variables.items():
        monkeypatch.setenv(name, value)
    with contextlib.closing(docker.DockerClient(engine_host.socket, timeout=60)) as client:
        yield client


def test_an_instance_lives_on_an_engine_of_every_kind(emulators: RedisEmulators, engine_host: Host) -> None:
    command, api = emulators.run()
    made = api.create()
    url = made["url"]
    assert urlsplit(url).hostname == (ELSEWHERE if engine_host.remote else "127.0.0.1")
    assert ask(url, "SET", "key", "value")
    first, limit = run_id(url), memory_limit(emulators)

    answer = api.call("PUT", "/instances/1.json", json={"plan": "mini"})
    assert answer.status_code == 200, answer.text
    assert run_id(url) == first
    grown = 2 * (PLANS["mini"].memory - PLANS["nano"].memory)
    assert memory_limit(emulators) - limit == (0 if engine_host.unlimited else grown)
    assert api.call("PUT", "/instances/1.json", json={"databases": 4}).status_code == 200
    assert run_id(url) != first
    assert ask(url, "GET", "key") == "value"

    assert command.stop() == 0
    assert emulators.running() == 0
    command, api = emulators.run()
    assert api.instance()["status"] == "running"
    assert ask(url, "GET", "key") == "value"

    assert api.call("DELETE", "/instances/1").status_code == 200
    assert (emulators.containers(), emulators.volumes()) == ([], [])
    assert command.stop() == 0
    assert "Traceback" not in command.err


def memory_limit(emulators: RedisEmulators) -> int:
    limit: int = emulators.container(1).attrs["HostConfig"]["Memory"]
    return limit


@pytest.fixture
def elsewhere(idle_engine: PrivateEngine, image_archive: bytes, monkeypatch: pytest.MonkeyPatch) -> PrivateEngine:
    """An engine on TCP, which DOCKER_HOST of this process names."""
    for name, value in tcp(idle_engine).variables.items():
        monkeypatch.setenv(name, value)
    idle_engine.load(image_archive)
    return idle_engine


def test_a_port_that_a_container_elsewhere_has_is_not_given(elsewhere: PrivateEngine, serve: Serve) -> None:
    ports = free_ports(3)
    api = serve(redis="docker", ports=ports)
    with contextlib.closing(elsewhere.client()) as client:
        client.containers.run(IMAGE, detach=True, ports={"6379/tcp": ("0.0.0.0", ports[0])})

        assert [api.create()["port"] for _ in range(2)] == [*ports[1:]]
        assert api.post("/instances.json", json={"plan": "nano"}).status_code == 422


def test_an_engine_that_refuses_our_certificate_stops_the_start_with_one_line(
    idle_engine: PrivateEngine, tmp_path: Path
) -> None:
    host = tls(idle_engine, trustme.CA())

    line = refused(tmp_path, host.variables)
    assert "certificate" in line
    assert "check DOCKER_CERT_PATH" in line


def test_an_engine_whose_certificate_is_not_the_expected_one_stops_the_start_with_one_line(
    idle_engine: PrivateEngine, tmp_path: Path
) -> None:
    host = tls(idle_engine)
    trustme.CA().cert_pem.write_to_path(Path(host.variables["DOCKER_CERT_PATH"], "ca.pem"))

    assert "certificate verify failed" in refused(tmp_path, host.variables)


def test_certificates_that_are_not_there_stop_the_start_with_one_line(tmp_path: Path) -> None:
    variables = {"DOCKER_HOST": f"tcp://{ELSEWHERE}:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}

    assert "certificate" in refused(tmp_path, variables)


def test_an_ssh_server_that_does_not_let_us_in_stops_the_start_with_one_line(sshd: Sshd, tmp_path: Path) -> None:
    host = sshd.start()
    (sshd.folder / "user.pub").write_text("")

    refused(tmp_path, host.variables)


def refused(folder: Path, variables: dict[str, str]) -> str:
    """Run the command, and return what it writes to stderr when it fails."""
    options = ["--redis", "docker", "--port", "0", "--state", ":memory:"]
    finished = run_main("serve", *options, folder=folder, env=variables)
    line = finished.stderr.strip().splitlines()[-1]
    assert finished.returncode == 1
    assert line.startswith("rtgmock: no Docker engine answers (")
    assert "Traceback" not in finished.stderr
    return finished.stderr


def test_an_engine_by_ssh_without_the_program_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://docker.example.com")
    monkeypatch.setenv("PATH", "")

    with pytest.raises(StartupError, match=r"^the Docker engine ssh://docker\.example\.com needs the program ssh"):
        connect()
