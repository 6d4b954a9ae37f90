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

from rtgmock.engines.owner import OWNER, TEMPORARY, lives
from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


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
    from rtgmock.engines import docker  # noqa: PLC0415 - the SDK takes its time

    client = docker.connect()
    ours: dict[str, Any] = {"label": docker.LABEL}
    for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
        if _is_left(container.labels, docker):
            yield Leftover(f"container {container.name}", partial(container.remove, force=True))
    for volume in client.volumes.list(filters=ours):
        if _is_left(volume.attrs["Labels"], docker):
            yield Leftover(f"volume {volume.name}", volume.remove)
    for network in client.networks.list(filters=ours):
        if _is_left(network.attrs["Labels"], docker):
            yield Leftover(f"network {network.name}", network.remove)


def _is_left(labels: Mapping[str, str], docker: object) -> bool:
    """Whether the emulator that made it is gone for good: its process, or the state file that would ask for it."""
    names = {name: getattr(docker, name) for name in ("HOST_LABEL", "FILE_LABEL", "OWNER_LABEL", "STATE_LABEL")}
    if labels.get(names["HOST_LABEL"]) != socket.gethostname():
        return False  # from here nobody can tell
    file = labels.get(names["FILE_LABEL"])
    if file is None:
        return not lives(labels.get(names["OWNER_LABEL"], ""))
    try:
        head = orjson.loads(Path(file).read_bytes())["rtgmock"]["1"]
    except FileNotFoundError:
        return True
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return bool(head.get("state_id") != labels.get(names["STATE_LABEL"]))
