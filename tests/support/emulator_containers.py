"""Emulators in containers that have the engine's socket; everything that they make is removed after the test."""

from __future__ import annotations

import contextlib
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from docker.errors import APIError, BuildError, NotFound

from rtgmock.engines import prune
from tests.support.api_client import ApiClient
from tests.support.command import until
from tests.support.ports import free_ports
from tests.support.redis_emulators import LABEL
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container

ROOT = Path(__file__).parents[2]
SOCKET = Path("/var/run/docker.sock")
CONTAINER = f"{LABEL}.container"


@pytest.fixture(scope="session")
def image(docker_client: docker.DockerClient) -> Iterator[str]:
    """Build the emulator's image, with the layers of an earlier build where they are the same."""
    if not SOCKET.is_socket():
        skip_or_fail("docker", f"the engine has no socket {SOCKET}")
    earlier = {one.id for one in docker_client.images.list(all=True)}
    tag, steps = f"rtgmock-test:{secrets.token_hex(4)}", list[str]()
    try:
        _, log = docker_client.images.build(path=str(ROOT), tag=tag, network_mode="host", rm=True, forcerm=True)
        steps = re.findall(r"---> ([0-9a-f]{12})\\n", "".join(map(str, log)))
        yield tag
    except (BuildError, APIError) as error:
        skip_or_fail("docker", f"the image cannot be built: {error}")
    finally:
        mine = [step for step in steps if not any(str(one).startswith(f"sha256:{step}") for one in earlier)]
        for name in (tag, *reversed(mine)):
            with contextlib.suppress(APIError):  # it is gone with the one before, or somebody has built on it
                docker_client.images.remove(name)


@dataclass
class EmulatorContainer:
    """An emulator in a container, and a client of its API on the host."""

    container: Container
    api: ApiClient

    def wait(self) -> EmulatorContainer:
        """Wait until the emulator answers."""
        if not until(self._answers):
            raise LookupError(f"the emulator did not get ready: {self.container.logs().decode()}")
        self.container.reload()
        return self

    def _answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return self.api.call("GET", "/_rtgmock/health").ok
        return False


@dataclass
class EmulatorContainers:
    """Runs emulators and clients in containers: with one network, a volume for the state, and ports of the host."""

    client: docker.DockerClient
    image: str
    name: str = field(default_factory=lambda: f"rtgmock-test-{secrets.token_hex(4)}")
    ports: range = field(default_factory=lambda: free_ports(4))
    residents: list[Container] = field(default_factory=list)
    others: list[Container] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client.networks.create(self.name)
        self.client.volumes.create(self.name)

    def start(
        self, *options: str, publish: bool = False, state: str = "/data/state.json", data: str = "", **more: Any
    ) -> EmulatorContainer:
        """Start an emulator that publishes its API on the host, and with ``publish`` its instances' ports as well."""
        [port] = free_ports(1)
        ports = {"8080/tcp": port} | {f"{one}/tcp": one for one in self.ports if publish}
        settings: dict[str, Any] = {
            "name": self.name,
            "network": self.name,
            "ports": {inner: ("127.0.0.1", outer) for inner, outer in ports.items()},
            "volumes": [f"{SOCKET}:{SOCKET}", f"{data or self.name}:/data"],
            "group_add": [SOCKET.stat().st_gid],
        }
        if more.get("network_mode") == "host":
            options = (*options, "--port", str(port), "--host", "127.0.0.1")
            del settings["network"], settings["ports"]
        first, last = self.ports[0], self.ports[-1]
        arguments = ["serve", "--redis", "docker", "--ports", f"{first}-{last}", "--state", state, *options]
        container = self.client.containers.create(self.image, arguments, **{**settings, **more})
        self.residents.append(container)
        container.start()
        return EmulatorContainer(container, ApiClient(f"http://127.0.0.1:{port}")).wait()

    def run(self, script: str, *arguments: str) -> str:
        """Run a Python script in another container on the network, and return what it prints."""
        client = self.client.containers.create(
            self.image, ["-c", script, *arguments], entrypoint="python", network=self.name
        )
        self.others.append(client)
        client.start()
        client.wait(timeout=60)
        return client.logs().decode().strip()

    def has_default_network(self) -> bool:
        """Return whether the bridge of the default network exists: another engine on this machine may remove it."""
        options = self.client.networks.get("bridge").attrs["Options"]
        return Path("/sys/class/net", options["com.docker.network.bridge.name"]).exists()

    def occupy(self, port: int) -> None:
        """Publish a port of the host from another container."""
        other = self.client.containers.create(
            self.image, ["60"], entrypoint="sleep", network=self.name, ports={"1/tcp": ("127.0.0.1", port)}
        )
        self.others.append(other)
        other.start()

    def siblings(self) -> list[Container]:
        """Return the containers of the emulators' instances."""
        every = self.client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [one for one in every if self._is_mine(one.labels)]

    def volumes(self) -> list[Any]:
        return [one for one in self.client.volumes.list(filters={"label": LABEL}) if self._is_mine(one.attrs["Labels"])]

    def networks(self) -> list[Any]:
        every = self.client.networks.list(filters={"label": LABEL})
        return [one for one in every if self._is_mine(one.attrs["Labels"])]

    def _is_mine(self, labels: dict[str, str]) -> bool:
        return labels.get(CONTAINER) in {one.id for one in self.residents}

    def count(self) -> tuple[int, int, int]:
        """Return how many containers, volumes and networks of the emulators there are."""
        return len(self.siblings()), len(self.volumes()), len(self.networks())

    def orphans(self, *, remove: bool = False) -> list[str]:
        """Return the kinds of orphans that ``rtgmock prune`` finds on the host, of these emulators only."""
        mine = {str(one.name) for one in (*self.siblings(), *self.volumes(), *self.networks())}
        orphans = [orphan for orphan in prune.find_orphans() if orphan.description.split()[1] in mine]
        for orphan in orphans if remove else []:
            orphan.remove()
        return [orphan.description.split()[0] for orphan in orphans]

    def clear(self) -> None:
        """Remove everything."""
        siblings, volumes, networks = self.siblings(), self.volumes(), self.networks()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(_remove, (*self.residents, *self.others, *siblings)))
        mine = (self.client.volumes.list(filters={"name": self.name}), self.client.networks.list(names=[self.name]))
        for thing in (*volumes, *networks, *mine[0], *mine[1]):
            with contextlib.suppress(NotFound):
                thing.remove()


def _remove(container: Container) -> None:
    with contextlib.suppress(NotFound):
        container.remove(force=True, v=True)


@pytest.fixture
def containers(docker_client: docker.DockerClient, image: str) -> Iterator[EmulatorContainers]:
    """Start emulators in containers: ``containers.start()``."""
    containers = EmulatorContainers(docker_client, image)
    yield containers
    containers.clear()
