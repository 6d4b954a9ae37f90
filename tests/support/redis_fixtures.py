"""Fixtures of the tests that run Redis servers. Modules name it in ``pytest_plugins``."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

from rtgmock.model.types import Choice, Text
from tests.support.redis_emulators import IMAGE, RedisEmulators
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Serve
    from tests.support.command import Command


@pytest.fixture(params=["process", "docker"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine with Redis servers; a test for one of them has the mark ``only_process`` or ``only_docker``."""
    name: str = request.param
    if name == "process" and not (shutil.which("redis-server") or shutil.which("valkey-server")):
        skip_or_fail("redis", "neither redis-server nor valkey-server is installed")
    return name


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.DockerClient]:
    """The machine's Docker engine, which must have the Redis image."""
    try:
        client = docker.from_env(timeout=60)
        client.images.get(IMAGE)
    except ImageNotFound:
        skip_or_fail("docker", f"the Docker engine has no image {IMAGE}")
    except (DockerException, RequestException) as error:
        skip_or_fail("docker", f"no Docker engine answers ({error})")
    yield client
    client.close()


@pytest.fixture
def cleaned_emulators(
    engine_name: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisEmulators]:
    """Provide the emulators' folder and ports; fail the test if anything of theirs is left when all have stopped."""
    client = request.getfixturevalue("docker_client") if engine_name in {"docker", "auto"} else None
    emulators = RedisEmulators(engine_name, tmp_path, client)
    monkeypatch.setattr(tempfile, "tempdir", str(emulators.temporary))
    yield emulators
    leaks = emulators.leaks()
    emulators.clear()
    if leaks:
        pytest.fail(f"left behind: {', '.join(leaks)}")


@pytest.fixture
def emulators(cleaned_emulators: RedisEmulators, serve: Serve, command: Callable[..., Command]) -> RedisEmulators:
    """Start emulators whose instances have a real Redis: ``emulators.start()``, ``emulators.run()``."""
    cleaned_emulators.serve, cleaned_emulators.command = serve, command
    return cleaned_emulators


@pytest.fixture
def refused_setting(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return a setting that passes the checks of values in this test, and that every Redis refuses."""
    monkeypatch.setattr(Choice, "parse", Text().parse)
    return {"appendfsync": "seldom"}


@pytest.fixture
def broken_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the disk be full after a number of commits: ``broken_disk(1)``."""

    def fail(after: int) -> None:
        sync, successes = os.fdatasync, iter(range(after))

        def fdatasync(descriptor: int) -> None:
            if next(successes, None) is None:
                raise OSError(28, "No space left on device")
            sync(descriptor)

        monkeypatch.setattr(os, "fdatasync", fdatasync)

    return fail
