"""Redis servers as containers: one container and one volume an instance, labelled as ours."""

from __future__ import annotations

import contextlib
import io
import socket
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

from rtgmock.engines.docker import images
from rtgmock.engines.docker.client import DOCKER_ERRORS, cause
from rtgmock.engines.docker.labels import INSTANCE_LABEL, PORT_LABEL, STATE_LABEL, of_state
from rtgmock.engines.ports import can_listen, resolved
from rtgmock.engines.redis.binaries import server_command
from rtgmock.engines.redis.config_file import EMPTY_SNAPSHOT, SNAPSHOT
from rtgmock.errors import EngineFailed
from rtgmock.network import client_host
from rtgmock.text import MB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker
    from docker.models.containers import Container
    from docker.models.images import Image
    from docker.models.networks import Network

    from rtgmock.engines.docker.own_container import OwnContainer
    from rtgmock.model.types import Record

PORT = 6379
"""What a Redis listens on in its container."""
_CONFIGURATION = "rtgmock.conf"
_STOP_TIMEOUT = 10
_LOG_LINES = 3


class DockerRunner:
    """Runs containers of ``image``. It touches none that doesn't bear our label and this state's id."""

    name = "docker"

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        bind: str,
        state_id: str,
        *,
        remote: str | None,
        file: Path | None,
        report: Callable[[str], None],
        own: OwnContainer | None = None,
    ) -> None:
        self._client = client
        self._image = image
        self._bind = bind
        self._state_id = state_id
        self._file = file
        self._report = report
        self._remote = self.hostname = remote
        self._network = f"rtgmock-{state_id}"
        self._lock = threading.Lock()
        self._own_names = {"localhost", "127.0.0.1", "::1", "redistogo.com", bind, socket.gethostname(), self._remote}
        self._state_labels = of_state(state_id, file, own)
        version = client.version()
        makers = [str(component["Name"]) for component in version.get("Components") or []]
        self._limits = not any(maker.startswith("Podman") for maker in makers)  # it cannot change them later
        place = f" at {self._remote}" if self._remote else ""
        self.description = f"docker: {image} on engine {version['Version']}{place}"
        if not images.provided(client, image):
            report(f"the engine has no image {image}; the first instance waits until it is pulled")

    def is_port_free(self, port: int) -> bool:
        """Whether the port can be listened on, as far as can be told from here."""
        if self._remote:
            return port not in self._published()
        return can_listen(self._published_on(), port)

    def _published(self) -> set[int]:
        """The ports that the engine's running containers have, whoever made them."""
        try:
            found = self._client.api.containers()
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker does not answer: {cause(error)}.") from error
        return {int(port["PublicPort"]) for one in found for port in one["Ports"] or [] if "PublicPort" in port}

    def address(self, record: Record) -> tuple[str, int]:
        """Where the emulator reaches a server: its published port."""
        return self._remote or client_host(self._published_on()), record["port"]

    def from_within(self, record: Record) -> Record:
        """A master that is one of this state's instances is reached by its container's name."""
        host, port = record["master_host"], record["master_port"]
        if not (record["slave"] and host in self._own_names):
            return record
        filters: dict[str, Any] = {"label": [f"{STATE_LABEL}={self._state_id}", f"{PORT_LABEL}={port}"]}
        try:
            found = self._client.containers.list(all=True, filters=filters, ignore_removed=True)
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker does not answer: {cause(error)}.") from error
        return {**record, "master_host": found[0].name, "master_port": str(PORT)} if found else record

    def launch(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Run a container on the instance's volume, in place of one that is there."""
        name, labels = self._name(record["id"]), self._labels(record["id"])
        try:
            image = self._provide_image()
            self._provide_network()
            self._remove_container(record["id"])
            self._client.volumes.create(name, labels=labels)
            container = self._client.containers.create(
                self._image,
                server_command(image.attrs["Config"], f"/{_CONFIGURATION}"),
                name=name,
                labels={**labels, PORT_LABEL: str(record["port"])},
                network=self._network,
                ports=self._port_bindings(record["port"]),
                volumes={name: {"bind": "/data", "mode": "rw"}},
                mem_limit=self._memory_limit(record),
                memswap_limit=self._memory_limit(record),
                restart_policy={"Name": "unless-stopped"},  # type: ignore[arg-type]
            )
            container.put_archive("/", _archive(_CONFIGURATION, write(self._place()).encode()))
            container.start()
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker cannot run the instance's Redis: {cause(error)}.") from error

    def _published_on(self) -> str:
        """Loopback, unless the clients come from elsewhere: to the engine's own host, or to ours by its --host."""
        return "0.0.0.0" if self._remote else resolved(self._bind)  # noqa: S104 - it has a password

    def _port_bindings(self, port: int) -> dict[str, Any]:
        """Which of a container's ports is which of the host's, as the SDK wants it."""
        return {f"{PORT}/tcp": (self._published_on(), port)}

    @staticmethod
    def _place() -> list[tuple[str, str]]:
        return [("port", str(PORT)), ("bind", "* -::*"), ("dir", "/data"), ("protected-mode", "no")]

    def _provide_network(self) -> Network:
        """One network a state, on which its containers know each other by name."""
        with self._lock:  # an engine takes two networks of one name, and then can't tell them apart
            found = self._client.networks.list(names=[f"^{self._network}$"])
            return found[0] if found else self._client.networks.create(self._network, labels=self._state_labels)

    def _remove_network(self) -> None:
        with contextlib.suppress(*DOCKER_ERRORS):
            for network in self._client.networks.list(names=[f"^{self._network}$"]):
                self._release(network)
                network.remove()

    def _release(self, network: Network) -> None:
        """Take from a network what would keep it from being removed."""

    def _provide_image(self) -> Image:
        with self._lock:  # the first instances may well be made at once
            if images.provided(self._client, self._image):
                return self._client.images.get(self._image)
            try:
                images.pull(self._client, self._image, self._report)
            except DOCKER_ERRORS as error:
                raise EngineFailed(f"The image {self._image} cannot be pulled: {cause(error)}.") from error
            return self._client.images.get(self._image)

    def configure(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Docker itself starts a container again after a crash or a reboot: let it find what holds now."""
        try:
            container = self._client.containers.get(self._name(record["id"]))
            if limit := self._memory_limit(record):
                container.update(mem_limit=limit, memswap_limit=limit)
            container.put_archive("/", _archive(_CONFIGURATION, write(self._place()).encode()))
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker cannot configure the instance's Redis: {cause(error)}.") from error

    def delete_snapshot(self, instance_id: int) -> None:
        """Put an empty snapshot in the place of one: an image need not have a program that deletes."""
        try:
            container = self._client.containers.get(self._name(instance_id))
            container.put_archive("/data", _archive(SNAPSHOT, EMPTY_SNAPSHOT))
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker cannot empty the instance's snapshot: {cause(error)}.") from error

    def freeze(self, instance_id: int) -> None:
        """What Docker calls to pause."""
        self._do(instance_id, lambda container: container.pause())

    def thaw(self, instance_id: int) -> None:
        """What Docker calls to unpause."""
        self._do(instance_id, lambda container: container.unpause())

    def _do(self, instance_id: int, action: Callable[[Container], None]) -> None:
        try:
            action(self._client.containers.get(self._name(instance_id)))
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker refuses: {cause(error)}.") from error

    def running(self, instance_id: int) -> bool:
        """Whether the container runs."""
        with contextlib.suppress(*DOCKER_ERRORS):
            return bool(self._client.containers.get(self._name(instance_id)).status == "running")
        return False

    def log(self, instance_id: int) -> str:
        """The last lines that the server wrote."""
        with contextlib.suppress(*DOCKER_ERRORS):
            text = self._client.containers.get(self._name(instance_id)).logs(tail=_LOG_LINES)
            return " / ".join(text.decode(errors="replace").strip().splitlines())
        return ""

    def stop(self, instance_id: int) -> None:
        """Let the server save and end."""
        with contextlib.suppress(*DOCKER_ERRORS):
            container = self._client.containers.get(self._name(instance_id))
            if container.status == "paused":
                container.unpause()  # what stands still takes no signal
            container.stop(timeout=_STOP_TIMEOUT)

    def remove(self, instance_id: int) -> None:
        """Remove the container and the volume."""
        try:
            self._remove_container(instance_id)
            with contextlib.suppress(NotFound):
                self._client.volumes.get(self._name(instance_id)).remove()
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker cannot remove the instance's Redis: {cause(error)}.") from error

    def _remove_container(self, instance_id: int) -> None:
        with contextlib.suppress(NotFound):
            self._client.containers.get(self._name(instance_id)).remove(force=True, v=True)

    def adopt(self, instance_id: int) -> None:
        """A container is as good as one of our own, unless clients would look for it elsewhere now."""
        try:
            container = self._client.containers.get(self._name(instance_id))
        except NotFound:
            return
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker does not answer: {cause(error)}.") from error
        wanted = self._port_bindings(int(container.labels[PORT_LABEL]))
        if _bindings(container) != {(name, host, str(port)) for name, (host, port) in wanted.items()}:
            self.stop(instance_id)  # and it is made anew

    def present(self) -> set[int]:
        """The instances of this state that have a container or a volume."""
        ours: dict[str, Any] = {"label": [f"{STATE_LABEL}={self._state_id}"]}
        try:
            containers: list[Container] = self._client.containers.list(all=True, filters=ours, ignore_removed=True)
            volumes = self._client.volumes.list(filters=ours)
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker does not answer: {cause(error)}.") from error
        labels: list[dict[str, Any]] = [container.labels for container in containers]
        labels += [volume.attrs["Labels"] for volume in volumes]
        return {int(found[INSTANCE_LABEL]) for found in labels}

    def close(self) -> None:
        """Stop all containers at once; where nothing is kept, remove them."""
        end = self.stop if self._file else self.remove
        with contextlib.suppress(EngineFailed), ThreadPoolExecutor(8) as pool:
            list(pool.map(end, self.present()))
        self._remove_network()  # an engine has room for some thirty
        self._client.close()

    def _memory_limit(self, record: Record) -> int:
        """Twice what the plan has, since a save copies what changes meanwhile, and room for the server itself."""
        return int(2 * record["memory"] + 64 * MB) if self._limits else 0

    def _name(self, instance_id: int) -> str:
        return f"rtgmock-{self._state_id}-{instance_id}"

    def _labels(self, instance_id: int) -> dict[str, str]:
        return {**self._state_labels, INSTANCE_LABEL: str(instance_id)}


def _bindings(container: Container) -> set[tuple[str, str, str]]:
    """Which ports of a container are published, where, and under which number."""
    published: dict[str, list[dict[str, str]] | None] = container.attrs["HostConfig"]["PortBindings"] or {}
    redact_known = "0.0.0.0"  # noqa: S104 - compared, not bound
    return {
        (name, place["HostIp"] or redact_known, place["HostPort"])
        for name, places in published.items()
        for place in places or []
    }


def _archive(name: str, content: bytes) -> bytes:
    """A tar with one file: what is in it is not in a command or the environment, where ``docker inspect`` shows it."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o444  # the official image runs its server as a user of its own
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
