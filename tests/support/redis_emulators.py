"""Emulators whose instances have a real Redis: on free ports, in a folder of the test's own, and gone after it."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
import redis
import requests
from docker.errors import NotFound
from redis.backoff import NoBackoff
from redis.retry import Retry

from rtgmock.settings.config import Config
from tests.conftest import AUTH
from tests.support.command import Command, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker
    from docker.models.containers import Container

    from tests.conftest import Serve, Served

IMAGE = Config().redis_image
LABEL = "io.rtgmock"
STATE, INSTANCE = f"{LABEL}.state", f"{LABEL}.instance"
_LOWEST, _HIGHEST = 20000, 32000
"""Below the ports that the system gives to whoever connects."""


def free_ports(count: int) -> range:
    """Neighbouring ports that nobody listens on."""
    for _ in range(200):
        first = random.randrange(_LOWEST, _HIGHEST)
        ports = range(first, first + count)
        if all(map(free, ports)):
            return ports
    raise LookupError(f"there are no {count} free ports next to each other")


def free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("0.0.0.0", port))
        return True
    return False


def connection(url: str, **options: Any) -> redis.Redis:
    """A client that has one connection and never tries twice; a context manager."""
    never = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(
        url, single_connection_client=True, decode_responses=True, retry=never, socket_timeout=10, **options
    )


def ask(url: str, *command: str | int, **options: Any) -> Any:
    """One command on a connection of its own, and its answer."""
    with connection(url, **options) as client:
        execute: Callable[..., Any] = client.execute_command
        return execute(*command)


def answers(url: str) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(ask(url, "PING"))
    return False


def config(url: str, *names: str) -> dict[str, str]:
    """What CONFIG GET says of these directives."""
    with connection(url) as client:
        execute: Callable[..., dict[str, str]] = client.execute_command
        return {name: execute("CONFIG", "GET", name)[name] for name in names}


def run_id(url: str) -> str:
    return str(ask(url, "INFO", "server")["run_id"])


class Api:
    """The API of an emulator that is a process of its own."""

    def __init__(self, url: str, auth: tuple[str, str] = AUTH) -> None:
        self.url = url
        self._auth = auth

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, auth=self._auth, timeout=60, **options)

    def create(self, **attributes: Any) -> dict[str, Any]:
        answer = self.call("POST", "/instances.json", json={"plan": "nano", **attributes})
        if answer.status_code != requests.codes.created:
            raise LookupError(f"{answer.status_code} {answer.text}")
        created: dict[str, Any] = answer.json()
        return created

    def instance(self, number: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/instances/{number}.json").json()
        return found


@dataclass
class RedisEmulators:
    """Where a test's emulators run: their engine, their folder, their ports, and what of them there is."""

    engine: str
    folder: Path
    client: docker.DockerClient | None
    serve: Serve = field(init=False)
    command: Callable[..., Command] = field(init=False)
    ports: range = field(default_factory=lambda: free_ports(4))
    states: set[str] = field(default_factory=set)
    earlier: set[int] = field(default_factory=lambda: zombies())  # noqa: PLW0108

    def __post_init__(self) -> None:
        self.temporary.mkdir()

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    @property
    def docker(self) -> docker.DockerClient:
        if self.client is None:
            raise LookupError("this test has no Docker")
        return self.client

    def start(self, **settings: Any) -> Served:
        """An emulator in this process; it keeps nothing unless it is given a ``state``."""
        served = self.serve(**{"redis": self.engine, "ports": self.ports, **settings})
        self.states.add(served.emulator.store.state_id)
        return served

    def run(self, *options: str, state: str = "state.json", **more: Any) -> tuple[Command, Api]:
        """An emulator as a process, with a state file unless told otherwise."""
        ports = f"{self.ports[0]}-{self.ports[-1]}"
        env = {"TMPDIR": str(self.temporary), **more.pop("env", {})}
        command = self.command("--redis", self.engine, "--ports", ports, "--state", state, *options, env=env, **more)
        self._know_state()
        return command, Api(command.url)

    def _know_state(self) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            self.states.add(json.loads(self.state.read_text())["rtgmock"]["1"]["state_id"])

    def home(self, instance_id: int) -> Path:
        """The folder of an instance's data, with the process engine and a state file."""
        return self.folder / "state.json.redis" / str(instance_id)

    def container(self, instance_id: int) -> Container:
        """The container of an instance."""
        found = [one for one in self.containers() if one.labels.get(INSTANCE) == str(instance_id)]
        if len(found) != 1:
            raise LookupError(f"instance {instance_id} has {len(found)} containers")
        return found[0]

    def containers(self) -> list[Container]:
        """The containers of this test's emulators, and those that have one of its ports."""
        if self.client is None:
            return []
        every = self.client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [one for one in every if one.labels.get(STATE) in self.states or self._published(one) & set(self.ports)]

    @staticmethod
    def _published(container: Container) -> set[int]:
        bindings = container.attrs.get("HostConfig", {}).get("PortBindings") or {}
        return {int(place["HostPort"]) for places in bindings.values() for place in places or [] if place["HostPort"]}

    def volumes(self) -> list[str]:
        if self.client is None:
            return []
        every = self.client.volumes.list(filters={"label": LABEL})
        return sorted(one.name for one in every if (one.attrs["Labels"] or {}).get(STATE) in self.states)

    def networks(self) -> list[str]:
        if self.client is None:
            return []
        every = self.client.networks.list(filters={"label": LABEL})
        return sorted(one.name or "" for one in every if one.attrs["Labels"].get(STATE) in self.states)

    def processes(self) -> list[psutil.Process]:
        """The Redis servers that run in this test's folder, and those that are this process's children."""
        children = {child.pid for child in psutil.Process().children(recursive=True)}
        found = []
        for process in psutil.process_iter(["name"]):
            if process.info["name"] in {"redis-server", "valkey-server"}:
                with contextlib.suppress(psutil.Error):
                    here = process.pid in children and process.cwd() != "/data"
                    if here or process.cwd().startswith(str(self.folder)):
                        found.append(process)
        return found

    def running(self) -> int:
        """How many Redis servers there are that run."""
        if self.engine == "docker":
            return sum(one.status == "running" for one in self.containers())
        return len(self.processes())

    def server(self, url: str) -> psutil.Process:
        """The process of an instance's Redis; only the process engine has one."""
        return psutil.Process(ask(url, "INFO", "server")["process_id"])

    def kill(self, instance: dict[str, Any]) -> None:
        """kill -9 of an instance's Redis."""
        if self.engine == "docker":
            self.container(instance["id"]).kill()
        else:
            _kill(self.server(instance["url"]))

    def left(self) -> list[str]:
        """What is there of this test's Redis servers; data beside a state file and its volumes do not count."""
        self._know_state()
        found = [f"process {process.pid}" for process in until_none(self.processes)]
        found += [f"zombie {number}" for number in zombies() - self.earlier]
        found += [f"folder {folder}" for folder in self.temporary.iterdir()]
        kept = _state_of(self.state)
        mine = [one for one in self.containers() if not (kept and one.labels.get(STATE) == kept)]
        found += [f"container {one.name} ({one.status})" for one in mine]
        lasting = [f"volume {name}" for name in self.volumes()] + [f"network {name}" for name in self.networks()]
        return found + [name for name in lasting if not (kept and kept in name)]

    def clear(self) -> None:
        """Remove all of it, also what a state file's instances may keep."""
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
    """The children of this process that ended and that nobody asked for their end."""
    return {child.pid for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE}


def _state_of(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads(path.read_text())["rtgmock"]["1"]["state_id"])
    return ""


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.kill()
        until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def until_none(found: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    """What is still found when the deadline is over: nothing, as soon as there is nothing."""
    until(lambda: not found())
    return found()


def redis_cli(*arguments: str) -> str:
    """What ``redis-cli`` prints."""
    finished = subprocess.run(["redis-cli", *arguments], capture_output=True, text=True, timeout=20, check=False)
    return finished.stdout.strip()


@contextlib.contextmanager
def occupied(port: int, *, silently: bool = False) -> Iterator[None]:
    """Somebody else has the port, and hangs up on whoever calls, or says nothing at all."""
    with socket.create_server(("127.0.0.1", port)) as other, ThreadPoolExecutor(1) as pool:
        if not silently:
            pool.submit(_hang_up, other)
        try:
            yield
        finally:
            other.shutdown(socket.SHUT_RDWR)


def _hang_up(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            listener.accept()[0].close()
