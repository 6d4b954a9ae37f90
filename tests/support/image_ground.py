"""Containers of the emulator's image, as the README's commands and compose files make them; gone after the test."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.api_client import ApiClient
from tests.support.command import environment, until
from tests.support.ports import free_ports
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker
    from docker.models.containers import Container

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
INSTANCES = "9001-9010"
CLIENT = """
import os, redis, requests
api = os.environ.get("REDISTOGO_API_URL", "https://redistogo.com")
made = requests.post(f"{api}/instances.json", {"plan": "nano"}, auth=("username", "password"), timeout=20).json()
print("INSTANCE", made["id"], made["url"].partition("@")[2], redis.Redis.from_url(made["url"]).ping(), os.getuid())
"""
"""The service that a compose file calls ``app``: it knows the emulator by what the file gives it, and nothing else."""


def blocks(language: str, heading: str) -> list[str]:
    """The blocks of a language below a heading, up to the next one."""
    below = re.split(r"^##+ ", README.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", below, re.DOTALL | re.MULTILINE)


@dataclass
class ImageGround:
    """A name that the image, containers, a network, a volume and a compose project have, and ports of the host."""

    client: docker.DockerClient
    folder: Path
    name: str = field(default_factory=lambda: f"rtgmock-test-{secrets.token_hex(4)}")
    ports: range = field(default_factory=lambda: free_ports(10))
    port: int = field(default_factory=lambda: free_ports(1)[0])

    @property
    def api(self) -> ApiClient:
        return ApiClient(f"http://localhost:{self.port}")

    @property
    def range(self) -> str:
        """The ports as RTGMOCK_PORTS names them."""
        return f"{self.ports[0]}-{self.ports[-1]}"

    def moved(self, text: str) -> str:
        """A text of the README that publishes on this ground's ports."""
        return text.replace("127.0.0.1:8080:", f"127.0.0.1:{self.port}:").replace(INSTANCES, self.range)

    def command(self, *arguments: str, given: str | None = None) -> str:
        """What a program prints."""
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            input=given,
            env=environment(COMPOSE_PROJECT_NAME=self.name, TESTCONTAINERS_RYUK_DISABLED="true"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise LookupError(f"{done.args} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def run(self, line: str) -> Container:
        """Run a ``docker run`` line of the README, and wait until the container is healthy."""
        line = re.sub(r"\brtgmock\b", self.name, self.moved(line))
        self.command("sh", "-ec", line.replace("docker run", f"docker run -e RTGMOCK_PORTS={self.range}"))
        return self.healthy()

    def start(self, *arguments: str, options: str = "") -> Container:
        """A container that publishes its ports and has a volume for ``/data``."""
        published = f"-p 127.0.0.1:8080:8080 -p 127.0.0.1:{INSTANCES}:{INSTANCES} -v rtgmock:/data"
        return self.run(f"docker run -d --name rtgmock {published} {options} rtgmock {' '.join(arguments)}")

    def healthy(self) -> Container:
        """The container of this ground's name, once its health check has passed."""
        container = self.client.containers.get(self.name)

        def status() -> str:
            container.reload()
            return str(container.attrs["State"]["Health"]["Status"])

        if not until(lambda: status() != "starting") or status() != "healthy":
            raise LookupError(f"{container.attrs['State']} {container.logs().decode()}")
        return container

    def compose(self, text: str) -> Callable[..., str]:
        """Write a compose file, with a service ``app`` beside it, and give what calls compose."""
        moved = {"image": self.name, "environment": {"RTGMOCK_PORTS": self.range}}
        files = {
            "compose.yaml": self.moved(text),
            "moved.yaml": json.dumps({"services": {"rtgmock": moved}}),
            "client.py": CLIENT,
            "Dockerfile": f'FROM {self.name}\nCOPY client.py /\nUSER 65534\nENTRYPOINT ["python", "/client.py"]\n',
        }
        for name, content in files.items():
            (self.folder / name).write_text(content)
        return partial(self.command, *_compose(), "-f", "compose.yaml", "-f", "moved.yaml")

    def network(self) -> str:
        """A network of this ground's name."""
        self.client.networks.create(self.name)
        return self.name

    def ask(self, script: str, *options: str) -> str:
        """What a Python script prints in another container on the network."""
        where = ("docker", "run", "--rm", "-i", "--network", self.name, *options, "--entrypoint", "python", self.name)
        return self.command(*where, "-", given=script)

    def clear(self) -> None:
        """Remove all of it."""
        with contextlib.ExitStack() as undo:
            undo.callback(self.client.images.remove, self.name)
            undo.callback(self._remove_network_and_volume)
            undo.callback(self._remove_containers)
            if (self.folder / "compose.yaml").exists():
                self.command(*_compose(), "down", "--volumes", "--rmi", "local", "--timeout", "5")

    def _remove_containers(self) -> None:
        for container in self.client.containers.list(all=True, ignore_removed=True, filters={"ancestor": self.name}):
            if container.attrs["Config"]["Image"] == self.name:
                container.remove(force=True, v=True)

    def _remove_network_and_volume(self) -> None:
        for network in self.client.networks.list(names=[self.name]):
            network.remove()
        for volume in self.client.volumes.list(filters={"name": self.name}):
            volume.remove()


def _compose() -> tuple[str, ...]:
    """Compose as a part of Docker, or as the older program."""
    if not subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60, check=False).returncode:
        return ("docker", "compose")
    return (shutil.which("docker-compose") or skip_or_fail("compose", "Docker Compose is not installed"),)


@pytest.fixture
def place(
    docker_client: docker.DockerClient, image: str, tmp_path: Path, program: Callable[[str, str], str]
) -> Iterator[ImageGround]:
    """Where a test runs the image, under a name of the test's own."""
    program("docker", "docker")
    ground = ImageGround(docker_client, tmp_path)
    docker_client.images.get(image).tag(ground.name)
    yield ground
    ground.clear()
