"""Emulators whose instances have a real Redis, in a folder and on ports of the test's own; gone after the test."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
from docker.errors import NotFound

from rtgmock.settings.config import Config
from tests.support.api_client import ApiClient
from tests.support.command import Command, until
from tests.support.ports import free_ports
from tests.support.redis_client import ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker
    from docker.models.containers import Container

    from tests.conftest import Serve, Served

IMAGE = Config().redis_image
LABEL = "io.rtgmock"
STATE, INSTANCE = f"{LABEL}.state", f"{LABEL}.instance"


@dataclass
class RedisEmulators:
    """Starts emulators with one engine, and finds the Redis servers, containers and files that they have made."""

    engine: str
    folder: Path
    client: docker.DockerClient | None
    serve: Serve = field(init=False)
    command: Callable[..., Command] = field(init=False)
    ports: range = field(default_factory=lambda: free_ports(4))
    states: set[str] = field(default_factory=set)
    zombies_before: set[int] = field(default_factory=lambda: zombies())  # noqa: PLW0108

    def __post_init__(self) -> None:
        self.temporary.mkdir()

    @property
    def state(self) -> Path:
        """The state file that ``run`` gives to a command."""
        return self.folder / "state.json"

    @property
    def temporary(self) -> Path:
        """The folder for temporary files of the emulators."""
        return self.folder / "temporary"

    @property
    def docker(self) -> docker.DockerClient:
        if self.client is None:
            raise LookupError("this test has no Docker")
        return self.client

    def start(self, **settings: Any) -> Served:
        """Start an emulator in this process; it keeps nothing unless it is given a ``state``."""
        served = self.serve(**{"redis": self.engine, "ports": self.ports, **settings})
        self.states.add(served.emulator.store.state_id)
        return served

    def run(self, *options: str, state: str = "state.json", **more: Any) -> tuple[Command, ApiClient]:
        """Start an emulator as a command, with a state file unless told otherwise."""
        ports = f"{self.ports[0]}-{self.ports[-1]}"
        env = {"TMPDIR": str(self.temporary), **more.pop("env", {})}
        command = self.command("--redis", self.engine, "--ports", ports, "--state", state, *options, env=env, **more)
        self._remember_state()
        return command, ApiClient(command.url)

    def _remember_state(self) -> None:
        if state_id := _state_id(self.state):
            self.states.add(state_id)

    def home(self, instance_id: int) -> Path:
        """Return the folder of an instance's data, with the process engine and a state file."""
        return self.folder / "state.json.redis" / str(instance_id)

    def container(self, instance_id: int) -> Container:
        """Return the container of an instance. Raises LookupError unless there is exactly one."""
        matches = [each for each in self.containers() if each.labels.get(INSTANCE) == str(instance_id)]
        if len(matches) != 1:
            raise LookupError(f"instance {instance_id} has {len(matches)} containers")
        return matches[0]

    def containers(self) -> list[Container]:
        """Return the containers of this test's emulators, and those that publish one of its ports."""
        if self.client is None:
            return []
        every = self.client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [
            each for each in every if each.labels.get(STATE) in self.states or self._published(each) & set(self.ports)
        ]

    @staticmethod
    def _published(container: Container) -> set[int]:
        bindings = container.attrs.get("HostConfig", {}).get("PortBindings") or {}
        return {int(place["HostPort"]) for places in bindings.values() for place in places or [] if place["HostPort"]}

    def volumes(self) -> list[str]:
        if self.client is None:
            return []
        every = self.client.volumes.list(filters={"label": LABEL})
        return sorted(each.name for each in every if (each.attrs["Labels"] or {}).get(STATE) in self.states)

    def networks(self) -> list[str]:
        if self.client is None:
            return []
        every = self.client.networks.list(filters={"label": LABEL})
        return sorted(each.name or "" for each in every if each.attrs["Labels"].get(STATE) in self.states)

    def processes(self) -> list[psutil.Process]:
        """Return the Redis servers that run in this test's folder, and those that are this process's children."""
        children = {child.pid for child in psutil.Process().children(recursive=True)}
        matches = []
        for process in psutil.process_iter(["name"]):
            if process.info["name"] in {"redis-server", "valkey-server"}:
                with contextlib.suppress(psutil.Error):
                    # A server in a container works in /data; where dockerd is a child of this process, it is one too.
                    is_child = process.pid in children and process.cwd() != "/data"
                    if is_child or process.cwd().startswith(str(self.folder)):
                        matches.append(process)
        return matches

    def running(self) -> int:
        """Return the number of Redis servers that run."""
        if self.engine == "docker":
            return sum(each.status == "running" for each in self.containers())
        return len(self.processes())

    def nothing_exists(self) -> bool:
        """Return whether no server runs, and no container, volume or instance's folder is left."""
        folders = [*self.temporary.glob("rtgmock-*/[0-9]*"), *self.home(1).parent.glob("[0-9]*")]
        return not (self.running() or self.containers() or self.volumes() or folders)

    def server(self, url: str) -> psutil.Process:
        """Return the process of an instance's Redis; only with the process engine."""
        return psutil.Process(ask(url, "INFO", "server")["process_id"])

    def kill(self, instance: dict[str, Any]) -> None:
        """Send SIGKILL to an instance's Redis."""
        if self.engine == "docker":
            self.container(instance["id"]).kill()
        else:
            _kill(self.server(instance["url"]))

    def leaks(self) -> list[str]:
        """Return what the emulators should have removed; data beside a state file and its volumes do not count."""
        self._remember_state()
        leaks = [f"process {process.pid}" for process in until_none(self.processes)]
        leaks += [f"zombie {number}" for number in zombies() - self.zombies_before]
        leaks += [f"folder {folder}" for folder in self.temporary.iterdir()]
        kept = _state_id(self.state)
        leaked = [each for each in self.containers() if not (kept and each.labels.get(STATE) == kept)]
        leaks += [f"container {each.name} ({each.status})" for each in leaked]
        lasting = [f"volume {name}" for name in self.volumes()] + [f"network {name}" for name in self.networks()]
        return leaks + [name for name in lasting if not (kept and kept in name)]

    def clear(self) -> None:
        """Remove everything, also what the instances of a state file keep."""
        for process in self.processes():
            _kill(process)
        for container in self.containers():
            with contextlib.suppress(NotFound):
                container.remove(force=True, v=True)
        for name in self.volumes():
            with contextlib.suppress(NotFound):
                self.docker.volumes.get(name).remove()
        for name in self.networks():
            with contextlib.suppress(NotFound):
                self.docker.networks.get(name).remove()


def zombies() -> set[int]:
    """Return the ids of this process's children that have ended and were never waited for."""
    return {child.pid for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE}


def _state_id(path: Path) -> str:
    """Return the id in a state file, or nothing where there is no readable one."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads(path.read_text())["rtgmock"]["1"]["state_id"])
    return ""


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.kill()
        until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def until_none(find: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    """Return an empty list as soon as nothing is found, or what is still found at the deadline."""
    until(lambda: not find())
    return find()
