"""Where the Docker engine is: DOCKER_HOST, else the context that Docker's own command line uses."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from docker.context import ContextAPI

from rtgmock.engines.docker.address import engine_variables
from rtgmock.engines.docker.client import connect, remote_host
from rtgmock.errors import StartupError
from tests.support.engine_hosts import tls
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.private_engine import PrivateEngine

pytest_plugins = ["tests.support.engine_fixtures"]

SOCKET = "unix:///run/user/1000/docker.sock"


@pytest.fixture
def docker_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Call Docker's own command line, whose files are in a folder of the test's own."""
    if not shutil.which("docker"):
        skip_or_fail("docker", "docker is not installed")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> str:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return call


def write_context(folder: Path, name: str, host: str, *, chosen: bool = True) -> None:
    """Write the files of a context as Docker does."""
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    if chosen:
        (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def test_without_anything_it_is_the_default_socket(tmp_path: Path) -> None:
    assert engine_variables({"DOCKER_CONFIG": str(tmp_path)}) == {}


@pytest.mark.parametrize("name", ["default", ""])
def test_the_default_context_is_the_default_socket(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": name}))

    assert engine_variables({"DOCKER_CONFIG": str(tmp_path)}) == {}


def test_the_chosen_context_is_taken(tmp_path: Path) -> None:
    write_context(tmp_path, "colima", SOCKET)

    assert engine_variables({"DOCKER_CONFIG": str(tmp_path)}) == {"DOCKER_HOST": SOCKET}


def test_the_folder_is_that_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_context(tmp_path / ".docker", "orbstack", SOCKET)

    assert engine_variables({}) == {"DOCKER_HOST": SOCKET}


def test_docker_context_comes_before_the_chosen_one_and_docker_host_before_both(tmp_path: Path) -> None:
    write_context(tmp_path, "one", "unix:///one.sock")
    write_context(tmp_path, "two", "unix:///two.sock", chosen=False)
    folder = {"DOCKER_CONFIG": str(tmp_path)}

    assert engine_variables({**folder, "DOCKER_CONTEXT": "two"}) == {"DOCKER_HOST": "unix:///two.sock"}
    assert engine_variables({**folder, "DOCKER_CONTEXT": "default"}) == {}
    assert engine_variables({**folder, "DOCKER_CONTEXT": "two", "DOCKER_HOST": SOCKET}) == {"DOCKER_HOST": SOCKET}


def test_a_context_has_its_own_certificates_and_not_those_of_the_environment(tmp_path: Path) -> None:
    write_context(tmp_path, "far", "tcp://docker.example.com:2376")
    [meta] = (tmp_path / "contexts" / "meta").iterdir()
    files = tmp_path / "contexts" / "tls" / meta.name / "docker"
    files.mkdir(parents=True)
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/elsewhere"}
    assert engine_variables(environment) == {"DOCKER_HOST": "tcp://docker.example.com:2376"}

    for name in ("ca.pem", "cert.pem", "key.pem"):
        (files / name).touch()

    assert engine_variables(environment) == {
        "DOCKER_HOST": "tcp://docker.example.com:2376",
        "DOCKER_CERT_PATH": str(files),
        "DOCKER_TLS_VERIFY": "1",
    }


def test_the_host_of_a_context_is_that_of_its_urls(tmp_path: Path) -> None:
    write_context(tmp_path, "far", "ssh://me@docker.example.com")

    assert remote_host({"DOCKER_CONFIG": str(tmp_path)}) == "docker.example.com"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"Endpoints": {}}', '{"Endpoints": {"docker": []}}'])
def test_a_context_that_cannot_be_read_stops_the_start_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    write_context(tmp_path, "broken", SOCKET)
    [meta] = (tmp_path / "contexts" / "meta").glob("*/meta.json")
    meta.write_text(content)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    with pytest.raises(StartupError, match=r"^the Docker context 'broken' cannot be read; .*, set DOCKER_HOST, or"):
        connect()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"currentContext": 7}'])
def test_a_configuration_that_cannot_be_read_names_no_context(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)

    assert engine_variables({"DOCKER_CONFIG": str(tmp_path)}) == {}


def test_docker_itself_and_its_sdk_name_the_same_engine(docker_command: Callable[..., str]) -> None:
    docker_command("context", "create", "mine", "--docker", f"host={SOCKET}")
    docker_command("context", "use", "mine")

    said = docker_command("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")

    context = ContextAPI.get_context()
    assert context is not None
    assert [engine_variables(os.environ)["DOCKER_HOST"], context.Host] == [said, said]


def test_an_engine_of_a_context_is_the_one_that_docker_version_sees(
    docker_command: Callable[..., str], idle_engine: PrivateEngine
) -> None:
    idle_engine.options = ["--label=ours=yes"]
    idle_engine.start()
    docker_command("context", "create", "private", "--docker", f"host={idle_engine.socket}")
    docker_command("context", "use", "private")

    client = connect()

    assert client.info()["ID"] == docker_command("info", "--format", "{{.ID}}")
    assert client.info()["Labels"] == ["ours=yes"]
    client.close()


def test_an_engine_of_a_context_by_tls(docker_command: Callable[..., str], idle_engine: PrivateEngine) -> None:
    host = tls(idle_engine).variables
    files = {name: f"{host['DOCKER_CERT_PATH']}/{name}.pem" for name in ("ca", "cert", "key")}
    parts = [f"host={host['DOCKER_HOST']}", *(f"{name}={path}" for name, path in files.items())]
    docker_command("context", "create", "far", "--docker", ",".join(parts))
    docker_command("context", "use", "far")

    client = connect()

    assert client.info()["ID"] == docker_command("info", "--format", "{{.ID}}")
    client.close()
