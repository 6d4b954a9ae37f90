"""The container that the emulator itself runs in, when it has been given the socket of its own engine."""

from __future__ import annotations

import contextlib
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container
    from docker.models.networks import Network

_MARKERS = ("/.dockerenv", "/run/.containerenv")
"""Files that Docker and Podman put into every container."""
_MOUNTED = re.compile(r"/([0-9a-f]{64})/(?:userdata/)?(?:hostname|hosts|resolv\.conf) /etc/")
"""The engine mounts these files from a folder that bears the container's id, whatever its hostname is."""


def in_container() -> bool:
    """Whether this process runs in a container at all."""
    return any(Path(marker).exists() for marker in _MARKERS)


def has_engine(client: docker.DockerClient) -> bool:
    """Whether the engine runs in this very container, which then is to its containers what a host is."""
    return bool(client.info().get("Name") == socket.gethostname())


def find(client: docker.DockerClient) -> OwnContainer | None:
    """The container of this process, if it runs in one and the engine knows it."""
    if not in_container():
        return None
    with contextlib.suppress(NotFound):
        if known := container_id(Path("/proc/self/mountinfo")):
            return OwnContainer(client, client.containers.get(known))
    with contextlib.suppress(NotFound):
        container = client.containers.get(socket.gethostname())
        if container.attrs["Config"]["Hostname"] == socket.gethostname():  # and not one whose id begins so
            return OwnContainer(client, container)
    return None


def container_id(mounts: Path) -> str | None:
    """The id of the container whose mounts these are."""
    with contextlib.suppress(OSError):
        if found := _MOUNTED.search(mounts.read_text(encoding="utf-8", errors="replace")):
            return found[1]
    return None


class OwnContainer:
    """What the engine knows of the emulator's container: who it is, what it keeps, and how it is reached."""

    def __init__(self, client: docker.DockerClient, container: Container) -> None:
        self.id = str(container.id)
        self.name = str(container.name)
        self.started: str = container.attrs["State"]["StartedAt"]
        self._mounts: list[dict[str, Any]] = container.attrs.get("Mounts") or []
        mode: str = container.attrs["HostConfig"]["NetworkMode"]
        kind, _, other = mode.partition(":")
        self._networked = client.containers.get(other) if kind == "container" and other else container
        self.on_host = self._networked.attrs["HostConfig"]["NetworkMode"] == "host"
        """Whether it has no network of its own, so that all is as on the host itself."""

    def place(self, file: Path | None) -> str:
        """Where a file of this container is that outlives it, or else the container itself.

        ``volume:NAME/PATH`` is in a volume, ``path:PATH`` on the engine's host.
        """
        for mount in sorted(self._mounts, key=lambda mount: len(mount["Destination"]), reverse=True):
            if file and file.is_relative_to(mount["Destination"]):
                inner = file.relative_to(mount["Destination"])
                if mount["Type"] == "volume":
                    return f"volume:{mount['Name']}/{inner}"
                if mount["Type"] == "bind":
                    return f"path:{Path(mount['Source']) / inner}"
                break
        return f"container:{self.id}"

    @property
    def names(self) -> set[str]:
        """The names and addresses by which other containers reach this one."""
        networks = self._networked.attrs["NetworkSettings"]["Networks"].values()
        aliases = {alias for network in networks for alias in network.get("Aliases") or []}
        return {str(self._networked.name), *aliases, *(network.get("IPAddress") or "" for network in networks)} - {""}

    def publishes(self, port: int) -> bool:
        """Whether the host's port of this number leads to this container's."""
        places = (self._networked.attrs["NetworkSettings"]["Ports"] or {}).get(f"{port}/tcp") or []
        return any(place["HostPort"] == str(port) for place in places)

    def published_by_others(self, client: docker.DockerClient) -> set[int]:
        """The host's ports that lead to other containers, or to a port of ours that has another number."""
        published = set()
        for container in client.api.containers():
            for place in container.get("Ports") or []:
                port = place.get("PublicPort")
                if port and not (container["Id"] == self._networked.id and place["PrivatePort"] == port):
                    published.add(int(port))
        return published

    def join(self, network: Network) -> None:
        """Be on a network."""
        self._networked.reload()
        if network.name not in self._networked.attrs["NetworkSettings"]["Networks"]:
            network.connect(self._networked)

    def leave(self, network: Network) -> None:
        """Be on a network no more."""
        with contextlib.suppress(APIError):  # it isn't
            network.disconnect(self._networked)
