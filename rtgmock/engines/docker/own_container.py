"""The container in which the emulator itself runs, when it has the socket of the engine that runs this container."""

from __future__ import annotations

import contextlib
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

from rtgmock.processes import is_containerized

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container
    from docker.models.networks import Network

_MOUNTED = re.compile(r"/([0-9a-f]{64})/(?:userdata/)?(?:hostname|hosts|resolv\.conf) /etc/")
"""The engine mounts these files from a folder that has the container's id as its name, also with another hostname."""


def contains_engine(client: docker.DockerClient) -> bool:
    """Return whether the engine itself runs in this container, which then is the host of the engine's containers."""
    return bool(client.info().get("Name") == socket.gethostname())


def find_own_container(client: docker.DockerClient) -> OwnContainer | None:
    """Return the container of this process; None when there is none, or when the engine does not know it."""
    if not is_containerized():
        return None
    with contextlib.suppress(NotFound):
        if known := container_id(Path("/proc/self/mountinfo")):
            return OwnContainer(client, client.containers.get(known))
    # Engines that mount those files from elsewhere: by default a container's hostname is the beginning of its id.
    with contextlib.suppress(NotFound):
        container = client.containers.get(socket.gethostname())
        if container.attrs["Config"]["Hostname"] == socket.gethostname():  # else another one whose name or id matches
            return OwnContainer(client, container)
    return None


def container_id(mounts: Path) -> str | None:
    """Return the id of the container whose ``mountinfo`` this is."""
    with contextlib.suppress(OSError):
        if match := _MOUNTED.search(mounts.read_text(encoding="utf-8", errors="replace")):
            return match[1]
    return None


class OwnContainer:
    """What the engine knows of the emulator's container: its identity, its mounts and its networks."""

    def __init__(self, client: docker.DockerClient, container: Container) -> None:
        self.id = str(container.id)
        self.name = str(container.name)
        self.started: str = container.attrs["State"]["StartedAt"]
        self._mounts: list[dict[str, Any]] = container.attrs.get("Mounts") or []
        mode: str = container.attrs["HostConfig"]["NetworkMode"]
        kind, _, other = mode.partition(":")
        # With --network container:NAME (and in a pod), networks and published ports are the other container's.
        self._networked = client.containers.get(other) if kind == "container" and other else container
        self.uses_host_network = self._networked.attrs["HostConfig"]["NetworkMode"] == "host"

    def location(self, file: Path | None) -> str:
        """Return where a file of this container is stored: a place that outlives the container, or the container.

        ``volume:NAME/PATH`` is in a volume, ``path:PATH`` on the engine's host, ``container:ID`` in the container.
        """
        for mount in sorted(self._mounts, key=lambda mount: len(mount["Destination"]), reverse=True):
            if file and file.is_relative_to(mount["Destination"]):
                inner = file.relative_to(mount["Destination"])
                if mount["Type"] == "volume":
                    return f"volume:{mount['Name']}/{inner}"
                if mount["Type"] == "bind":
                    return f"path:{Path(mount['Source']) / inner}"
                break  # a tmpfs ends with the container's run
        return f"container:{self.id}"

    @property
    def hostnames(self) -> set[str]:
        """The names and addresses by which other containers reach this one."""
        networks = self._networked.attrs["NetworkSettings"]["Networks"].values()
        aliases = {alias for network in networks for alias in network.get("Aliases") or []}
        addresses = {network.get("IPAddress") or "" for network in networks}
        return {str(self._networked.name), *aliases, *addresses} - {""}

    def publishes(self, port: int) -> bool:
        """Return whether the host's port of this number leads to the same port of this container."""
        bindings = (self._networked.attrs["NetworkSettings"]["Ports"] or {}).get(f"{port}/tcp") or []
        return any(binding["HostPort"] == str(port) for binding in bindings)

    def ports_of_others(self, client: docker.DockerClient) -> set[int]:
        """Return the host's ports that lead to other containers, or to a port of ours that has another number."""
        ports = set()
        for container in client.api.containers():
            for binding in container.get("Ports") or []:
                port = binding.get("PublicPort")
                if port and not (container["Id"] == self._networked.id and binding["PrivatePort"] == port):
                    ports.add(int(port))
        return ports

    def join(self, network: Network) -> None:
        """Connect this container to a network, if it is not yet."""
        self._networked.reload()
        if network.name not in self._networked.attrs["NetworkSettings"]["Networks"]:
            network.connect(self._networked)

    def leave(self, network: Network) -> None:
        """Disconnect this container from a network, if it is connected."""
        with contextlib.suppress(APIError):
            network.disconnect(self._networked)
