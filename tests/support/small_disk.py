"""A small file system in memory that a test can fill up."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FILLER = "filler"
_CHUNK = bytes(1 << 16)


class SmallDisk:
    """A file system of a few megabytes that is mounted on ``folder``, with room for a number of files."""

    def __init__(self, folder: Path, megabytes: int, files: int = 1000) -> None:
        self.folder = folder
        folder.mkdir()
        options = f"size={megabytes}m,nr_inodes={files + 1}"  # the folder is one as well
        _run("mount", "-t", "tmpfs", "-o", options, "rtgmock-test", str(folder))

    def fill(self, free_pages: int = 0) -> None:
        """Use up all that is free, to the last byte or to a number of pages of the memory."""
        with (self.folder / _FILLER).open("ab", buffering=0) as filler:
            size = len(_CHUNK)
            while size:
                try:
                    filler.write(_CHUNK[:size])
                except OSError:
                    size //= 2
        if free_pages:
            filled = self.folder / _FILLER
            os.truncate(filled, filled.stat().st_size - free_pages * os.sysconf("SC_PAGESIZE"))

    def free(self) -> None:
        """Give back what ``fill`` has used."""
        (self.folder / _FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it, unless the test has done that."""
        if self.folder.is_mount():
            _run("umount", "--lazy", str(self.folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)


@pytest.fixture
def mount_disk(tmp_path: Path) -> Iterator[Callable[..., SmallDisk]]:
    """Mounts disks: ``mount_disk()``, ``mount_disk(folder, megabytes=4)``. The test is skipped without root."""
    if os.geteuid() or not shutil.which("mount"):
        skip_or_fail("mount", "a small disk needs root and mount")
    disks: list[SmallDisk] = []

    def mount(folder: Path = tmp_path / "disk", megabytes: int = 4, **more: int) -> SmallDisk:
        try:
            disks.append(SmallDisk(folder, megabytes, **more))
        except subprocess.CalledProcessError as error:
            skip_or_fail("mount", f"nothing can be mounted here: {error.stderr!r}")
        return disks[-1]

    yield mount
    for disk in disks:
        disk.close()
