"""What emulators that died have left behind: containers, volumes, networks, processes, folders."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psutil

from rtgmock.engines.docker.labels import FILE_LABEL, HOST_LABEL, LABEL, OWNER_LABEL, STARTED_LABEL, STATE_LABEL, host
from rtgmock.engines.ownership import OWNER, TEMPORARY, lives
from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docker import DockerClient
    from docker.models.networks import Network

    from rtgmock.engines.docker.own_container import OwnContainer


@dataclass(frozen=True)
class Leftover:
    """A thing that nobody will ask for again, and how to remove it."""

    description: str
    remove: Callable[[], object]


def find() -> Iterator[Leftover]:
    """All leftovers on this machine, those first that others of them depend on being gone."""
    yield from _processes()
    yield from _folders()
    with contextlib.suppress(StartupError):  # no engine, nothing left in it
        yield from _in_docker()


def _processes() -> Iterator[Leftover]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            owner = process.environ().get(OWNER)
            if owner and not lives(owner):
                yield Leftover(f"process {process.pid} ({process.name()})", process.kill)


def _folders() -> Iterator[Leftover]:
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if not lives((folder / OWNER).read_text(encoding="ascii")):
                yield Leftover(f"folder {folder}", partial(shutil.rmtree, folder, ignore_errors=True))


def _in_docker() -> Iterator[Leftover]:
    from rtgmock.engines.docker import client as docker_host  # noqa: PLC0415 - the SDK takes its time
    from rtgmock.engines.docker.own_container import find as own_container  # noqa: PLC0415

    client = docker_host.connect()
    own = own_container(client)
    ours: dict[str, Any] = {"label": LABEL}
    for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
        if _is_left(container.labels, own, client):
            yield Leftover(f"container {container.name}", partial(container.remove, force=True))
    for volume in client.volumes.list(filters=ours):
        if _is_left(volume.attrs["Labels"], own, client):
            yield Leftover(f"volume {volume.name}", volume.remove)
    for network in client.networks.list(filters=ours):
        if _is_left(network.attrs["Labels"], own, client):
            yield Leftover(f"network {network.name}", partial(_remove_network, network, client))


def _remove_network(network: Network, client: DockerClient) -> None:
    """Remove a network, after whoever is on it still: an emulator's container that stopped could not start again."""
    on_it: dict[str, Any] = {"network": network.id}
    for container in client.containers.list(all=True, filters=on_it, ignore_removed=True):
        network.disconnect(container, force=True)
    network.remove()


def _is_left(labels: Mapping[str, str], own: OwnContainer | None, client: DockerClient) -> bool:
    """Whether the emulator that made it is gone for good: its process, or the state file that would ask for it."""
    file = Path(labels[FILE_LABEL]) if FILE_LABEL in labels else None
    place = labels.get(HOST_LABEL, "")
    if place == host(file, own):
        return _superseded(file, labels) if file else not lives(labels.get(OWNER_LABEL, ""))
    kind, _, where = place.partition(":")
    if kind == "volume":
        return not _exists(client.volumes, where.partition("/")[0])
    if kind == "path" and own is None and client.info()["Name"] == socket.gethostname():
        return _superseded(Path(where), labels)
    if kind == "container":
        return not _exists(client.containers, where) or not (file or _runs_still(where, labels, client))
    return False  # from here nobody can tell


def _superseded(file: Path, labels: Mapping[str, str]) -> bool:
    """Whether a state file is gone, or another state's by now."""
    try:
        head = orjson.loads(file.read_bytes())["rtgmock"]["1"]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return bool(head.get("state_id") != labels.get(STATE_LABEL))


def _exists(collection: Any, name: str) -> bool:
    """Whether the engine has a container, or a volume, of this name."""
    from docker.errors import NotFound  # noqa: PLC0415

    try:
        collection.get(name)
    except NotFound:
        return False
    return True


def _runs_still(container_id: str, labels: Mapping[str, str], client: DockerClient) -> bool:
    """Whether an emulator's container is in the very run in which it made something."""
    state: dict[str, Any] = client.containers.get(container_id).attrs["State"]
    return bool(state["Running"] and state["StartedAt"] == labels.get(STARTED_LABEL))
