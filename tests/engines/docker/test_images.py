"""Images that the engine does not have are pulled when the first instance needs them."""

from __future__ import annotations

import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import docker
import pytest
from urllib3.exceptions import ProtocolError

from tests.support.command import until
from tests.support.redis_client import answers
from tests.support.redis_emulators import IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engine_hosts import Registry
    from tests.support.private_engine import PrivateEngine
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.engine_fixtures"]


@pytest.fixture
def engine_name() -> str:
    return "docker"


@pytest.fixture
def docker_client(
    digest: str, idle_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[docker.DockerClient]:
    """An engine without images; the registry has the image of the machine's engine."""
    idle_engine.start()
    monkeypatch.setenv("DOCKER_HOST", idle_engine.socket)
    with contextlib.closing(idle_engine.client()) as client:
        yield client


@pytest.fixture
def digest(registry: Registry) -> str:
    """The digest of the registry's one image."""
    with contextlib.closing(docker.from_env(timeout=60)) as client:
        return registry.push(client, IMAGE, "redis")


def test_an_image_is_pulled_once_and_each_step_of_it_is_one_line(registry: Registry, emulators: RedisEmulators) -> None:
    image = f"{registry.name}/redis:7-alpine"
    command, api = emulators.run("--redis-image", image)
    assert command.err_lines(1) == [f"the engine has no image {image}; the first instance waits until it is pulled"]

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: api.create(), range(2)))

    assert all(answers(one["url"]) for one in made)
    lines = [line for line in command.err_lines(6)[1:] if "/instances" not in line]
    assert lines == [f"pulling {image}", f"{image}: 1 of 1 layers", f"pulled {image}"]
    assert command.stop() == 0
    command, api = emulators.run("--redis-image", image)
    assert "pull" not in command.err


def test_an_image_may_be_named_by_its_digest(digest: str, registry: Registry, emulators: RedisEmulators) -> None:
    api = emulators.start(redis_image=f"{registry.name}/redis@{digest}")

    assert answers(api.create()["url"])
    assert answers(api.create()["url"])


@pytest.mark.parametrize("reference", [":8-alpine", "@sha256:" + "0" * 64])
def test_a_reference_that_the_registry_does_not_know_is_a_503_that_names_it(
    registry: Registry, emulators: RedisEmulators, reference: str
) -> None:
    image = f"{registry.name}/redis{reference}"
    api = emulators.start(redis_image=image)

    answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert answer.text.startswith(f"The image {image} cannot be pulled: ")
    assert (emulators.containers(), emulators.volumes()) == ([], [])


def test_an_engine_that_dies_while_it_pulls_is_a_503(
    registry: Registry, emulators: RedisEmulators, idle_engine: PrivateEngine
) -> None:
    command, api = emulators.run("--redis-image", f"{registry.name}/redis:7-alpine")
    registry.pause()
    with ThreadPoolExecutor(1) as pool:
        create = pool.submit(api.call, "POST", "/instances.json", json={"plan": "nano"})
        assert until(registry.has_client)
        idle_engine.signal(signal.SIGKILL)
        answer = create.result()
    idle_engine.start()

    assert answer.status_code == 503
    assert "cannot be pulled: " in answer.text
    assert "Traceback" not in command.err


def test_a_pull_that_breaks_off_is_a_503(emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> Iterator[dict[str, Any]]:
        yield {"status": "Pulling fs layer", "id": "a"}
        raise ProtocolError("Connection broken")

    monkeypatch.setattr(docker.APIClient, "pull", broken)

    answer = emulators.start().post("/instances.json", json={"plan": "nano"})

    assert (answer.status_code, answer.text) == (503, f"The image {IMAGE} cannot be pulled: Connection broken.\n")
