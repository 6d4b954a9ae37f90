"""Find what emulators that are gone have left in Docker: containers, volumes, networks."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from docker.errors import NotFound

from rtgmock.engines.docker.client import connect
from rtgmock.engines.docker.labels import (
    FILE_LABEL,
    HOST_LABEL,
    LABEL,
    OWNER_LABEL,
    STARTED_LABEL,
    STATE_LABEL,
    location,
)
from rtgmock.engines.docker.own_container import find_own_container
from rtgmock.engines.ownership import Orphan, is_running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import DockerClient
    from docker.models.networks import Network

    from rtgmock.engines.docker.own_container import OwnContainer


def find_docker_orphans() -> Iterator[Orphan]:
    """Yield containers first, as they use the volumes and networks. Raises StartupError when no engine answers."""
    client = connect()
    own = find_own_container(client)
    filters: dict[str, Any] = {"label": LABEL}
    for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
        if _is_orphaned(container.labels, own, client):
            yield Orphan(f"container {container.name}", partial(container.remove, force=True))
    for volume in client.volumes.list(filters=filters):
        if _is_orphaned(volume.attrs["Labels"], own, client):
            yield Orphan(f"volume {volume.name}", volume.remove)
    for network in client.networks.list(filters=filters):
        if _is_orphaned(network.attrs["Labels"], own, client):
            yield Orphan(f"network {network.name}", partial(_remove_network, network, client))


def _remove_network(network: Network, client: DockerClient) -> None:
    """Disconnect the containers of a network, and remove it.

    The container of a killed emulator is still connected, and could never be started again without its network.
    """
    filters: dict[str, Any] = {"network": network.id}
    for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
        network.disconnect(container, force=True)
    network.remove()


def _is_orphaned(labels: Mapping[str, str], own: OwnContainer | None, client: DockerClient) -> bool:
    """Return whether the emulator is gone for good: its process, or the state file with which it would come back.

    What cannot be seen from here, as the files of another machine, counts as in use.
    """
    file = Path(labels[FILE_LABEL]) if FILE_LABEL in labels else None
    place = labels.get(HOST_LABEL, "")
    if place == location(file, own):
        return _is_superseded(file, labels) if file else not is_running(labels.get(OWNER_LABEL, ""))
    kind, _, rest = place.partition(":")
    if kind == "volume":
        return not _exists(client.volumes, rest.partition("/")[0])
    if kind == "path" and own is None and client.info()["Name"] == socket.gethostname():
        return _is_superseded(Path(rest), labels)
    if kind == "container":
        return not _exists(client.containers, rest) or not (file or _is_same_run(rest, labels, client))
    return False


def _is_superseded(file: Path, labels: Mapping[str, str]) -> bool:
    """Return whether a state file is gone, or holds another state now."""
    try:
        head = orjson.loads(file.read_bytes())["rtgmock"]["1"]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, LookupError, TypeError):
        return False  # unreadable: its owner may mend it
    return bool(head.get("state_id") != labels.get(STATE_LABEL))


def _exists(collection: Any, name: str) -> bool:
    """Return whether the engine has a container, or a volume, of this name."""
    try:
        collection.get(name)
    except NotFound:
        return False
    return True


def _is_same_run(container_id: str, labels: Mapping[str, str], client: DockerClient) -> bool:
    """Return whether an emulator's container is still in the run in which it made something."""
    state: dict[str, Any] = client.containers.get(container_id).attrs["State"]
    return bool(state["Running"] and state["StartedAt"] == labels.get(STARTED_LABEL))
