"""Fixtures of the tests in which a Docker engine of their own dies: emulators use that one."""

from __future__ import annotations

import contextlib
import gc
import warnings
from typing import TYPE_CHECKING

import docker
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.private_engine import PrivateEngine


@pytest.fixture(autouse=True)
def unconnected_sockets() -> Iterator[None]:
    """Collect the sockets that the SDK could not connect and left open, so that they fail no later test."""
    yield
    with warnings.catch_warnings(action="ignore"):
        gc.collect()


@pytest.fixture
def engine_name() -> str:
    return "docker"


@pytest.fixture
def docker_client(private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """A client of the private engine, which DOCKER_HOST of this process names."""
    monkeypatch.setenv("DOCKER_HOST", private_engine.socket)
    with contextlib.closing(docker.DockerClient(private_engine.socket, timeout=60)) as client:
        yield client
