"""The storage that keeps the tables in a file and survives ``kill -9``."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from rtgmock.errors import InternalError, StartupError
from rtgmock.storage.file_lock import StateFileLock
from rtgmock.storage.transactional import TransactionalStorage

if TYPE_CHECKING:
    from rtgmock.storage.tables import Tables


class FileStorage(TransactionalStorage):
    """Keeps the tables in one JSON file, which plain ``TinyDB(path)`` opens as well.

    Each commit writes the whole file to a temporary one beside it, syncs that, puts it in the file's place, and
    syncs the folder. If the process or the machine dies at any point, the file is the old or the new one, complete.
    A lock file beside it refuses a second emulator while this one has the file open.

    Raises StartupError when the file cannot be used; then the file is left unchanged.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            # A link stays a link: the file that it points to is replaced.
            self.path = Path(path).resolve()
        except (OSError, RuntimeError) as error:
            raise StartupError(
                f"the state file {path} is a link that leads nowhere; name another: --state FILE"
            ) from error
        self.name = str(self.path)
        self._lock = StateFileLock(self.path, self.path.with_name(f".{self.path.name}.lock"))
        self._lock.acquire()
        try:
            super().__init__(_load(self.path))
            self._remove_temporary_files()
        except BaseException:
            self.close()
            raise

    def _persist(self, data: Tables) -> None:
        # A request that outlasts the emulator's stop must not write to a file that another emulator may have by now.
        if not self._lock.is_held:
            raise InternalError("The state file is closed, since the emulator stops; nothing has changed.")
        try:
            self._replace(data)
        except OSError as error:
            raise InternalError(f"The state file cannot be written ({error.strerror}); nothing has changed.") from error

    def _replace(self, data: Tables) -> None:
        descriptor, name = tempfile.mkstemp(".tmp", f".{self.path.name}.", self.path.parent)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - mkstemp gives a descriptor, mode 0600
                file.write(orjson.dumps(data))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)  # noqa: PTH105 - plain strings are a little faster on this path
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise

    def _sync(self) -> None:
        try:
            _sync_folder(self.path.parent)
        except OSError as error:
            raise InternalError(
                f"The change is made, but may not survive a power cut: its folder cannot be synced ({error.strerror})."
            ) from error

    def _remove_temporary_files(self) -> None:
        """Remove the temporary files of an emulator that died while it wrote this state file."""
        # mkstemp puts eight characters into a name. Any looser pattern would match the files of other states.
        name = re.compile(rf"\.{re.escape(self.path.name)}\.[a-z0-9_]{{8}}\.tmp")
        for entry in self.path.parent.iterdir():
            if name.fullmatch(entry.name):
                entry.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock. Every commit is on disk already."""
        self._lock.release()


def _load(path: Path) -> Tables:
    """Return the tables in a state file, none when there is no file or an empty one. Raises StartupError."""
    # Opening a FIFO would wait for its other end, and replacing a device would destroy it.
    if path.exists() and not path.is_file():
        raise StartupError(f"the state file {path} is not a plain file; start with another one: --state FILE")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StartupError(
            f"the state file {path} cannot be read: {error.strerror}; start with another one: --state FILE"
        ) from error
    try:
        tables = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise StartupError(
            f"the state file {path} is not JSON (line {error.lineno}, column {error.colno}); "
            "it is left as it is: start with another one: --state FILE"
        ) from error
    if not (isinstance(tables, dict) and all(isinstance(table, dict) for table in tables.values())):
        raise StartupError(
            f"the state file {path} is not a TinyDB file; it is left as it is: start with another one: --state FILE"
        )
    return tables


def _sync_folder(folder: Path) -> None:
    """Make the replacement of a file survive a power cut, where the system can do that."""
    if os.name == "nt":  # Windows opens no folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder; there is nothing more to do then.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)
