"""Which emulator something belongs to, and whether that one still lives."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psutil

OWNER = "RTGMOCK_OWNER"
"""The environment variable of a child process, and the file in a temporary folder, that name their emulator."""
TEMPORARY = "rtgmock-"
"""What the names of temporary folders begin with."""


def me() -> str:
    """The running process, told from any other one that has its number before or after it."""
    return f"{os.getpid()}:{psutil.Process().create_time()}"


def temporary_folder() -> Path:
    """A new folder that is known to be ours, so that ``rtgmock prune`` can remove it when we cannot."""
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY))
    (folder / OWNER).write_text(me(), encoding="ascii")
    return folder


def lives(owner: str) -> bool:
    """Whether the process that called itself so is still there."""
    number, _, created = owner.strip().partition(":")
    try:
        return psutil.Process(int(number)).create_time() == float(created)
    except (ValueError, psutil.Error):
        return False
