"""Runs containers of the emulator's image by the README's own commands and Compose files, and removes them."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.api_client import ApiClient
from tests.support.command import environment, until
from tests.support.ports import free_ports
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker
    from docker.models.containers import Container

INSTANCES = "9001-9010"
CLIENT = """
import os, redis, requests
api = os.environ.get("REDISTOGO_API_URL", "https://redistogo.com")
made = requests.post(f"{api}/instances.json", {"plan": "nano"}, auth=("username", "password"), timeout=20).json()
print("INSTANCE", made["id"], made["url"].partition("@")[2], redis.Redis.from_url(made["url"]).ping(), os.getuid())
"""
"""The service ``app`` of a Compose file. It finds the emulator only by the variables and names that the file sets."""


@dataclass
class ImageRunner:
    """Runs the image with names and ports of the host that no other test uses.

    The image's tag, the containers, a network, a volume and a Compose project all have the same random ``name``.
    """

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
        """The ports in the form of RTGMOCK_PORTS."""
        return f"{self.ports[0]}-{self.ports[-1]}"

    def with_own_ports(self, text: str) -> str:
        """Return a command or Compose file of the README with this runner's ports instead of the fixed ones."""
        return text.replace("127.0.0.1:8080:", f"127.0.0.1:{self.port}:").replace(INSTANCES, self.range)

    def command(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a program in this runner's folder and return its output. Raises LookupError when it fails."""
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            input=stdin,
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
        """Run a ``docker run`` command of the README and wait until the container is healthy."""
        line = re.sub(r"\brtgmock\b", self.name, self.with_own_ports(line))
        self.command("sh", "-ec", line.replace("docker run", f"docker run -e RTGMOCK_PORTS={self.range}"))
        return self.await_health()

    def start(self, *arguments: str, options: str = "") -> Container:
        """Start a container that publishes its ports and has a volume for ``/data``."""
        published = f"-p 127.0.0.1:8080:8080 -p 127.0.0.1:{INSTANCES}:{INSTANCES} -v rtgmock:/data"
        return self.run(f"docker run -d --name rtgmock {published} {options} rtgmock {' '.join(arguments)}")

    def await_health(self) -> Container:
        """Wait until the container's health check has passed. Raises LookupError with its logs when it fails."""
        container = self.client.containers.get(self.name)

        def status() -> str:
            container.reload()
            return str(container.attrs["State"]["Health"]["Status"])

        if not until(lambda: status() != "starting") or status() != "healthy":
            raise LookupError(f"{container.attrs['State']} {container.logs().decode()}")
        return container

    def compose(self, text: str, app: str = "") -> Callable[..., str]:
        """Write a Compose file and the image of its service ``app``; return a function that runs Compose on them.

        ``app`` is the Dockerfile of an image that uses no ports of the host; by default it is that of CLIENT.
        """
        client = f'FROM {self.name}\nCOPY client.py /\nUSER 65534\nENTRYPOINT ["python", "/client.py"]\n'
        environment = {} if app else {"RTGMOCK_PORTS": self.range}
        override = {"image": self.name, "environment": environment}
        files = {
            "compose.yaml": self.with_own_ports(text),
            "override.yaml": json.dumps({"services": {"rtgmock": override}}),
            "client.py": CLIENT,
            "Dockerfile": app or client,
        }
        for name, content in files.items():
            (self.folder / name).write_text(content)
        return partial(self.command, *_compose(), "-f", "compose.yaml", "-f", "override.yaml")

    def network(self) -> str:
        """Create the network and return its name."""
        self.client.networks.create(self.name)
        return self.name

    def ask(self, script: str, *options: str) -> str:
        """Run a Python script in another container on the network and return its output."""
        command = ("docker", "run", "--rm", "-i", "--network", self.name, *options, "--entrypoint", "python", self.name)
        return self.command(*command, "-", stdin=script)

    def clear(self) -> None:
        """Remove everything that this runner created."""
        with contextlib.ExitStack() as undo:
            undo.callback(self.client.images.remove, self.name)
            undo.callback(self._remove_network_and_volume)
            undo.callback(self._remove_containers)
            if (self.folder / "compose.yaml").exists():
                self.command(*_compose(), "down", "--volumes", "--rmi", "local", "--timeout", "5")

    def _remove_containers(self) -> None:
        # The filter also finds containers of images that were built on this one.
        for container in self.client.containers.list(all=True, ignore_removed=True, filters={"ancestor": self.name}):
            if container.attrs["Config"]["Image"] == self.name:
                container.remove(force=True, v=True)

    def _remove_network_and_volume(self) -> None:
        for network in self.client.networks.list(names=[self.name]):
            network.remove()
        for volume in self.client.volumes.list(filters={"name": self.name}):
            volume.remove()


def _compose() -> tuple[str, ...]:
    """Return the command of Compose: Docker's plugin, or the older separate program."""
    if not subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60, check=False).returncode:
        return ("docker", "compose")
    return (shutil.which("docker-compose") or skip_or_fail("compose", "Docker Compose is not installed"),)


@pytest.fixture
def runner(
    docker_client: docker.DockerClient, image: str, tmp_path: Path, program: Callable[[str, str], str]
) -> Iterator[ImageRunner]:
    """Run the image for a test."""
    program("docker", "docker")
    image_runner = ImageRunner(docker_client, tmp_path)
    docker_client.images.get(image).tag(image_runner.name)
    yield image_runner
    image_runner.clear()
