"""Fixtures of Docker engines of a test's own. Modules name it in ``pytest_plugins``."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from docker.errors import DockerException
from requests.exceptions import RequestException

from tests.support.engine_hosts import Host, Podman, Registry, Sshd, tcp, tls
from tests.support.private_engine import PrivateEngine
from tests.support.redis_emulators import IMAGE
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def image_archive() -> bytes:
    """The image as ``docker save`` writes it, out of the machine's own engine."""
    try:
        with contextlib.closing(docker.from_env(timeout=60)) as client:
            return b"".join(client.images.get(IMAGE).save(named=True))
    except (DockerException, RequestException) as error:
        skip_or_fail("docker", f"no Docker engine gives {IMAGE} ({error})")


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder whose name is short enough for the sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="rtgt", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def idle_engine(own_folder: Path) -> Iterator[PrivateEngine]:
    """A Docker engine of the test's own, not started."""
    if os.geteuid() != 0 or not (shutil.which("dockerd") and shutil.which("ip")):
        skip_or_fail("dockerd", "a Docker engine of a test's own needs root, dockerd and ip")
    engine, index = PrivateEngine(own_folder), Path("/sys/class/net/docker0/ifindex")
    before = index.read_text() if index.exists() else ""
    yield engine
    engine.close()
    assert (index.read_text() if index.exists() else "") == before, "the machine's own engine has lost its bridge"


@pytest.fixture
def private_engine(idle_engine: PrivateEngine, image_archive: bytes) -> PrivateEngine:
    """A Docker engine of the test's own, which has the image."""
    idle_engine.start()
    idle_engine.load(image_archive)
    return idle_engine


@pytest.fixture
def sshd(private_engine: PrivateEngine) -> Iterator[Sshd]:
    if not (shutil.which("sshd") and shutil.which("ssh")):
        skip_or_fail("sshd", "sshd or ssh is not installed")
    server = Sshd(private_engine)
    yield server
    server.close()


@pytest.fixture
def podman(own_folder: Path) -> Iterator[Podman]:
    if os.geteuid() != 0 or not (shutil.which("podman") and Path("/usr/lib/podman/netavark").exists()):
        skip_or_fail("podman", "Podman with netavark is not installed, or we are not root")
    engine = Podman(own_folder)
    yield engine
    engine.close()


@pytest.fixture(params=["tcp", "tls", "ssh", "podman"])
def engine_host(request: pytest.FixtureRequest) -> Host:
    """An engine of each kind, which has the image."""
    kind: str = request.param
    if kind == "podman":
        return request.getfixturevalue("podman").start(request.getfixturevalue("image_archive"))  # type: ignore[no-any-return]
    if kind == "ssh":
        return request.getfixturevalue("sshd").start()  # type: ignore[no-any-return]
    engine: PrivateEngine = request.getfixturevalue("idle_engine")
    host = {"tcp": tcp, "tls": tls}[kind](engine)
    engine.load(request.getfixturevalue("image_archive"))
    return host


@pytest.fixture
def registry(own_folder: Path) -> Iterator[Registry]:
    """A registry that has no image yet."""
    if not shutil.which("docker-registry"):
        skip_or_fail("registry", "docker-registry is not installed")
    server = Registry(own_folder / "registry")
    server.start()
    yield server
    server.close()
