"""Which emulator a process, a folder or a container belongs to, and whether that emulator still runs."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

OWNER = "RTGMOCK_OWNER"
"""The environment variable of a child process, and the file in a temporary folder, that name the emulator."""
FOLDER_PREFIX = "rtgmock-"
"""How the names of temporary folders begin."""


@dataclass(frozen=True)
class Orphan:
    """Something whose emulator is gone: what ``rtgmock prune`` prints, and how to remove it."""

    description: str
    remove: Callable[[], object]


def current_owner() -> str:
    """Return ``PID:CREATED`` of this process. The creation time tells it from a later process with the same PID."""
    return f"{os.getpid()}:{psutil.Process().create_time()}"


def is_server_of(folder: Path, process: psutil.Process) -> bool:
    """Return whether an emulator has started this process in ``folder``. Raises psutil.Error if that is not visible."""
    return OWNER in process.environ() and Path(process.cwd()) == folder.resolve()


def temporary_folder() -> Path:
    """Create a temporary folder that names its owner, so that ``rtgmock prune`` can remove it after a kill."""
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    (folder / OWNER).write_text(current_owner(), encoding="ascii")
    return folder


def is_running(owner: str) -> bool:
    """Return whether the process that ``current_owner`` named still runs."""
    number, _, created = owner.strip().partition(":")
    try:
        return psutil.Process(int(number)).create_time() == float(created)
    except (ValueError, psutil.Error):
        return False
