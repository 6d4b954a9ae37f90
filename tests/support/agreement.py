"""What an emulator says, holds in memory and has on disk, which must be the same at any time."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtgmock.service.snapshot import show_state
from rtgmock.storage.store import Store
from tests.support.state_files import STATE_ID

if TYPE_CHECKING:
    from tests.conftest import Served

Document = dict[str, Any]


def state_on_disk(path: Path) -> Document:
    """Return the state that an emulator would open after ``kill -9``, from a copy of the files."""
    with tempfile.TemporaryDirectory() as folder:
        copied = copy_files(path, Path(folder))
        with contextlib.closing(Store.open(copied, STATE_ID)) as store:
            return show_state(store.state())


def copy_files(path: Path, folder: Path) -> Path:
    """Copy a state file and its journal into another folder, as a kill would leave them; return the copy's path."""
    # The journal first: a fold that comes between the two puts what is in it into the file as well.
    for name in (f"{path.name}.journal", path.name):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(path.with_name(name), folder)
    return folder / path.name


def shown_state(api: Served) -> Document:
    """Return what the control API shows of an emulator: its state, faults and clock."""
    parts = {name: api.get(f"/_rtgmock/{name}").json() for name in ("state", "faults", "clock")}
    return {**parts["state"], **parts["faults"], **parts["clock"]}
