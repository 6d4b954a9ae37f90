"""Redis servers as containers: one container and one volume per instance, with labels that say whose they are."""

from __future__ import annotations

import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

from rtgmock.engines.docker import confinement
from rtgmock.engines.docker.archive import archive_file
from rtgmock.engines.docker.images import RedisImage
from rtgmock.engines.docker.labels import INSTANCE_LABEL, PORT_LABEL, STATE_LABEL
from rtgmock.engines.docker.networks import StateNetwork
from rtgmock.engines.docker.outages import DOCKER_ERRORS, docker_failures
from rtgmock.engines.docker.termination import kill_unless_ending
from rtgmock.engines.ports import first_free_port, resolve_host
from rtgmock.engines.redis import server_log
from rtgmock.engines.redis.binaries import server_command
from rtgmock.engines.redis.config_file import EMPTY_SNAPSHOT, SNAPSHOT
from rtgmock.engines.runner import Place
from rtgmock.errors import EngineFailed
from rtgmock.network import client_host
from rtgmock.settings.engine_names import EngineName
from rtgmock.text import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from docker.models.containers import Container

    from rtgmock.engines.docker.connection import DockerConnection
    from rtgmock.model.types import Record

PORT = 6379
"""The port on which a Redis listens in its container."""
_DATA = "/data"
_CONFIGURATION = "rtgmock.conf"
_STOP_TIMEOUT = 10
_LOG_LINES = 3
_WILDCARD = "0.0.0.0"  # noqa: S104 - every Redis has a password


class DockerRunner:
    """Runs the servers in containers that publish their ports, for an emulator that is not in a container.

    It touches no container, volume or network without our label and this state's id.
    """

    name: str = EngineName.DOCKER.value
    administrator: str | None = None  # what a client can reach is its own container

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection
        self._client = connection.client
        self._remote_host = self.hostname = connection.remote_host
        self._network = StateNetwork(connection)
        self._image = RedisImage(connection.client, connection.image, connection.report)
        self._labels = connection.labels()
        # The names by which a client may know this emulator, and give it as the host of a replica's master.
        local = {"localhost", "127.0.0.1", "::1", "redistogo.com", socket.gethostname()}
        self._own_names = {*local, connection.bind, connection.remote_host}
        version = connection.client.version()
        self._limits_memory = not _is_podman(version)
        place = f" at {self._remote_host}" if self._remote_host else ""
        self.description = f"docker: {connection.image} on engine {version['Version']}{place}"
        if not self._image.is_present():
            connection.report(
                f"the engine has no image {connection.image}; the first instance waits until it is pulled"
            )

    def check(self) -> None:
        """Return if Docker answers. Raises EngineFailed."""
        with docker_failures():
            self._client.ping()

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port that can be published. On another machine, only its containers' ports are known."""
        if self._remote_host:
            published = self._published_ports()
            return next((port for port in candidates if port not in published), None)
        return first_free_port(self._connection.bind, candidates)

    def _published_ports(self) -> set[int]:
        """Return the ports of the host that the engine's running containers publish, ours and others'."""
        with docker_failures():
            containers = self._client.api.containers()
        bindings = [binding for container in containers for binding in container["Ports"] or []]
        return {int(binding["PublicPort"]) for binding in bindings if "PublicPort" in binding}

    def place(self, record: Record) -> Place:  # noqa: ARG002
        """Return the same place for every server: each has its own container."""
        return Place(PORT, "* -::*", _DATA)  # "-": where there is no IPv6, that is no error

    def address(self, record: Record) -> tuple[str, int]:
        """Return the published port."""
        return self._remote_host or client_host(self._host_addresses()[0]), record["port"]

    def resolve_master(self, record: Record) -> Record:
        """Return the record with the name of the master's container, if the master is an instance of this state.

        In a container, ``localhost`` is the container itself, and the host may not be reachable by any name.
        """
        host, port = record["master_host"], record["master_port"]
        if not (record["slave"] and host in self._own_names):
            return record
        filters: dict[str, Any] = {"label": [f"{STATE_LABEL}={self._connection.state_id}", f"{PORT_LABEL}={port}"]}
        with docker_failures():
            masters = self._client.containers.list(all=True, filters=filters, ignore_removed=True)
        return {**record, "master_host": masters[0].name, "master_port": str(PORT)} if masters else record

    def launch(self, record: Record, configuration: str) -> None:
        """Run a container on the instance's volume, and replace one that is there."""
        name, labels = self._connection.container_name(record["id"]), self._instance_labels(record["id"])
        with docker_failures("Docker cannot run the instance's Redis"):
            image = self._image.provide()
            self._network.provide()
            self._remove_container(record["id"])
            self._check_names(name)
            self._client.volumes.create(name, labels=labels)
            container = self._client.containers.create(
                self._image.name,
                server_command(image.attrs["Config"], f"/{_CONFIGURATION}"),
                name=name,
                labels={**labels, PORT_LABEL: str(record["port"])},
                network=self._network.name,
                ports=self._port_bindings(record["port"]),  # type: ignore[arg-type] # several addresses work too
                volumes={name: {"bind": _DATA, "mode": "rw"}},
                mem_limit=self._memory_limit(record),
                memswap_limit=self._memory_limit(record),
                **confinement.options(image.attrs["Config"]),
                # Docker restarts the container when its Redis or Docker itself dies, also while no emulator runs.
                restart_policy={"Name": "unless-stopped"},  # type: ignore[arg-type]
            )
            container.put_archive("/", archive_file(_CONFIGURATION, configuration.encode()))
            container.start()

    def _check_names(self, name: str) -> None:
        """Raise EngineFailed when a container or volume of others has the name: it is not ours to remove or to use."""
        found: dict[str, dict[str, str] | None] = {}
        with contextlib.suppress(NotFound):
            found["container"] = self._client.containers.get(name).labels
        with contextlib.suppress(NotFound):
            found["volume"] = self._client.volumes.get(name).attrs["Labels"]
        for kind, labels in found.items():
            self._connection.check_owner(kind, name, labels)

    def _host_addresses(self) -> list[str]:
        """Return the addresses on which the host publishes ports: ``--host``'s, or every address of another machine."""
        return [_WILDCARD] if self._remote_host else resolve_host(self._connection.bind)

    def _port_bindings(self, port: int) -> dict[str, list[tuple[str, int]]]:
        """Return the published ports of a container, in the form that the SDK takes."""
        return {f"{PORT}/tcp": [(address, port) for address in self._host_addresses()]}

    def configure(self, record: Record, configuration: str) -> None:
        """Store the configuration in the container, and limit its memory, so that Docker's own restarts use both."""
        with docker_failures("Docker cannot configure the instance's Redis"):
            container = self._container(record["id"])
            if limit := self._memory_limit(record):
                container.update(mem_limit=limit, memswap_limit=limit)
            container.put_archive("/", archive_file(_CONFIGURATION, configuration.encode()))

    def delete_snapshot(self, instance_id: int) -> None:
        """Overwrite the snapshot with an empty one: an image need not have a program that deletes files."""
        with docker_failures("Docker cannot empty the instance's snapshot"):
            self._container(instance_id).put_archive(_DATA, archive_file(SNAPSHOT, EMPTY_SNAPSHOT))

    def freeze(self, instance_id: int) -> None:
        """Pause the container."""
        with docker_failures("Docker refuses"):
            self._container(instance_id).pause()

    def thaw(self, instance_id: int) -> None:
        """Unpause the container."""
        with docker_failures("Docker refuses"):
            self._container(instance_id).unpause()

    def report_ends(self, report: Callable[[int], None]) -> None:
        """Do nothing: the monitor loses its connection when a container ends."""

    def is_running(self, instance_id: int) -> bool:
        """Return whether the container runs; False when Docker does not answer."""
        with contextlib.suppress(*DOCKER_ERRORS):
            return bool(self._container(instance_id).status == "running")
        return False

    def is_own(self, instance_id: int, process_id: int) -> bool:  # noqa: ARG002
        """Return True: no container runs on a port that another program has."""
        return True

    def log(self, instance_id: int) -> str:
        """Return the last lines that the server wrote."""
        with contextlib.suppress(*DOCKER_ERRORS):
            text = self._container(instance_id).logs(tail=_LOG_LINES)
            return " / ".join(text.decode(errors="replace").strip().splitlines())
        return ""

    def stop(self, instance_id: int) -> None:
        """Stop the container, and let its server save."""
        with contextlib.suppress(*DOCKER_ERRORS):
            container = self._container(instance_id)
            if container.status == "paused":
                container.unpause()  # a paused process gets no SIGTERM, and would be killed without saving
            if container.status in {"paused", "running"}:
                container.kill("SIGCONT")  # nor does a suspended one
            killer = threading.Timer(server_log.HANG_TIMEOUT, kill_unless_ending, (container, instance_id))
            killer.start()
            try:
                container.stop(timeout=_STOP_TIMEOUT)
            finally:
                killer.cancel()

    def remove(self, instance_id: int) -> None:
        """Remove the container and the volume."""
        with docker_failures("Docker cannot remove the instance's Redis"):
            self._remove_container(instance_id)
            with contextlib.suppress(NotFound):
                volume = self._client.volumes.get(self._connection.container_name(instance_id))
                if self._connection.is_ours(volume.attrs["Labels"]):
                    volume.remove()

    def _remove_container(self, instance_id: int) -> None:
        with contextlib.suppress(NotFound):
            container = self._container(instance_id)
            try:
                container.remove(force=True, v=True)
            except APIError as error:
                if "already in progress" not in str(error.explanation):
                    raise
                # An engine that hung goes on with what it was asked for then.
                container.wait(condition="removed")

    def adopt(self, instance_id: int) -> None:
        """Keep a container as it runs, unless this emulator would publish its port elsewhere: then stop it."""
        with docker_failures():
            try:
                container = self._container(instance_id)
            except NotFound:
                return
        bindings = self._port_bindings(int(container.labels[PORT_LABEL])).items()
        wanted = {(name, host, str(port)) for name, places in bindings for host, port in places}
        if _published_bindings(container) != wanted:
            self.stop(instance_id)  # the next start replaces it

    def present(self) -> set[int]:
        """Return the ids of this state's instances that have a container or a volume."""
        filters: dict[str, Any] = {"label": [f"{STATE_LABEL}={self._connection.state_id}"]}
        with docker_failures():
            containers = self._client.api.containers(all=True, filters=filters)
            volumes = self._client.volumes.list(filters=filters)
        labels: list[dict[str, Any]] = [container["Labels"] for container in containers]
        labels += [volume.attrs["Labels"] for volume in volumes]
        return {int(each[INSTANCE_LABEL]) for each in labels}

    def close(self) -> None:
        """Stop all containers at once; remove them if the state is not kept."""
        end = self.stop if self._connection.state_file else self.remove
        with contextlib.suppress(EngineFailed), ThreadPoolExecutor(8) as pool:
            list(pool.map(end, self.present()))
        self._network.remove()
        self._client.close()

    def _memory_limit(self, record: Record) -> int:
        """Return the container's limit in bytes: twice the plan's memory, and 64 MB for the server itself.

        Twice, because a save forks the server, and every page that changes meanwhile exists two times.
        """
        return int(2 * record["memory"] + 64 * MB) if self._limits_memory else 0

    def _container(self, instance_id: int) -> Container:
        """Return the instance's container. Raises an SDK error: NotFound also when the one of that name is not ours."""
        container = self._client.containers.get(self._connection.container_name(instance_id))
        if not self._connection.is_ours(container.labels):
            raise NotFound(f"the container {container.name} is not of this emulator")
        return container

    def _instance_labels(self, instance_id: int) -> dict[str, str]:
        return {**self._labels, INSTANCE_LABEL: str(instance_id)}


def _is_podman(version: dict[str, Any]) -> bool:
    """Return whether the engine is Podman, whose Docker API cannot change the memory limit of a container later."""
    components = version.get("Components") or []
    return any(str(component["Name"]).startswith("Podman") for component in components)


def _published_bindings(container: Container) -> set[tuple[str, str, str]]:
    """Return the published ports of a container as (port of the container, host address, port of the host)."""
    published: dict[str, list[dict[str, str]] | None] = container.attrs["HostConfig"]["PortBindings"] or {}
    return {
        (name, binding["HostIp"] or _WILDCARD, binding["HostPort"])  # an engine may leave the wildcard empty
        for name, bindings in published.items()
        for binding in bindings or []
    }
