"""Fixtures that start private Docker engines, Podman and registries. Modules name it in ``pytest_plugins``."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import tempfile
import warnings
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
    """The Redis image in the format of ``docker save``, from the machine's own engine."""
    try:
        with contextlib.closing(docker.from_env(timeout=60)) as client:
            return b"".join(client.images.get(IMAGE).save(named=True))
    except (DockerException, RequestException) as error:
        skip_or_fail("docker", f"no Docker engine gives {IMAGE} ({error})")


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A temporary folder with a short path: that of a Unix socket may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="rtgt", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def idle_engine(own_folder: Path) -> Iterator[PrivateEngine]:
    """A private Docker engine that is not started yet."""
    if os.geteuid() != 0 or not (shutil.which("dockerd") and shutil.which("ip")):
        skip_or_fail("dockerd", "a Docker engine for a single test needs root, dockerd and ip")
    engine, index = PrivateEngine(own_folder), Path("/sys/class/net/docker0/ifindex")
    before = index.read_text() if index.exists() else ""
    yield engine
    engine.close()
    assert (index.read_text() if index.exists() else "") == before, "the machine's own engine has lost its bridge"


@pytest.fixture
def private_engine(idle_engine: PrivateEngine, image_archive: bytes) -> PrivateEngine:
    """A private Docker engine that runs and has the Redis image."""
    idle_engine.start()
    idle_engine.load(image_archive)
    return idle_engine


@pytest.fixture
def sshd(private_engine: PrivateEngine) -> Iterator[Sshd]:
    if not (shutil.which("sshd") and shutil.which("ssh")):
        skip_or_fail("sshd", "sshd or ssh is not installed")
    # The Docker SDK leaves the ssh programs of an ssh:// connection to the garbage collector. pytest takes this filter
    # away after the test, so they are collected before.
    warnings.simplefilter("ignore", ResourceWarning)
    server = Sshd(private_engine)
    yield server
    server.close()
    gc.collect()


@pytest.fixture
def podman(own_folder: Path) -> Iterator[Podman]:
    if os.geteuid() != 0 or not (shutil.which("podman") and Path("/usr/lib/podman/netavark").exists()):
        skip_or_fail("podman", "Podman with netavark is not installed, or we are not root")
    engine = Podman(own_folder)
    yield engine
    engine.close()


@pytest.fixture(params=["tcp", "tls", "ssh", "podman"])
def engine_host(request: pytest.FixtureRequest) -> Host:
    """An engine of each kind, with the Redis image."""
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
    """An empty registry of images."""
    if not shutil.which("docker-registry"):
        skip_or_fail("registry", "docker-registry is not installed")
    server = Registry(own_folder / "registry")
    server.start()
    yield server
    server.close()
