"""Find what emulators that died have left behind: processes, folders, and what is in Docker."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from rtgmock.engines.ownership import FOLDER_PREFIX, OWNER, Orphan, is_running
from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_orphans() -> Iterator[Orphan]:
    """Yield all orphans on this machine, in an order in which they can be removed."""
    yield from orphaned_processes()
    yield from orphaned_folders()
    with contextlib.suppress(StartupError):  # without a Docker engine, nothing can be left there
        yield from _in_docker()


def orphaned_processes() -> Iterator[Orphan]:
    """Yield the Redis servers whose emulator is gone."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # it has ended meanwhile, or belongs to another user
            owner = process.environ().get(OWNER)
            if owner and not is_running(owner):
                yield Orphan(f"process {process.pid} ({process.name()})", process.kill)


def orphaned_folders() -> Iterator[Orphan]:
    """Yield the temporary folders whose emulator is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):  # a folder without the owner's file is not ours
            if not is_running((folder / OWNER).read_text(encoding="ascii")):
                yield Orphan(f"folder {folder}", partial(shutil.rmtree, folder, ignore_errors=True))


def _in_docker() -> Iterator[Orphan]:
    # Lazy: importing the Docker SDK takes 140 ms.
    from rtgmock.engines.docker.orphans import find_docker_orphans  # noqa: PLC0415

    yield from find_docker_orphans()
