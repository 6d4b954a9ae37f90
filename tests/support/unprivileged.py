"""A user who is not root, for tests of what may not be read or written: root may do everything."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY = 65534


@contextlib.contextmanager
def unprivileged_folder() -> Iterator[Path]:
    """Provide a new folder, and act as its owner, who is not root, until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="rtgmock-test-", dir="/tmp"))
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.chown(folder, _NOBODY, _NOBODY)
            os.seteuid(_NOBODY)
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(folder)


@contextlib.contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    """Give a file or a folder other permissions until the end of the block."""
    before = path.stat().st_mode
    path.chmod(bits)
    try:
        yield
    finally:
        path.chmod(before)
