"""TinyDB storages that take changes as transactions: one in memory only, one that survives ``kill -9``."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import tempfile
import threading
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import orjson
from tinydb.storages import Storage

from rtgmock.errors import InternalError, StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator

Tables = dict[str, dict[str, Any]]
"""What TinyDB hands to a storage: tables by name, documents by id."""


class TransactionalStorage(Storage):
    """Holds the tables in memory. What a transaction writes counts, and is kept, all at once at its end.

    Other threads read what was last committed, at any time and without a lock. Whoever opens a transaction
    must see to it that there is one at a time, and must replace documents, never change them in place.
    """

    name: str
    """What to call it in a message."""

    def __init__(self, tables: Tables) -> None:
        self._committed = tables
        self._staged: Tables | None = None
        self._writer: int | None = None

    def read(self) -> Tables:
        """The tables, in a dict of the reader's own; the tables in it are shared."""
        mine = self._writer == threading.get_ident()
        return dict(self._staged if mine and self._staged is not None else self._committed)

    def write(self, data: Tables) -> None:
        """Stage ``data``; outside a transaction, commit it."""
        if self._writer == threading.get_ident():
            self._staged = data
        else:
            self._commit(data)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is written inside as one; nothing of it, when an error leaves the block.

        Raises InternalError when it cannot be kept: then nothing has changed, in memory or on disk.
        """
        self._writer = threading.get_ident()
        try:
            yield
            if self._staged is not None:
                self._commit(self._staged)
        finally:
            self._writer = self._staged = None

    def _commit(self, data: Tables) -> None:
        self._keep(data)
        self._committed = data
        self._settle()

    @abstractmethod
    def _keep(self, data: Tables) -> None:
        """Make ``data`` survive the process; raise InternalError when that fails."""

    def _settle(self) -> None:
        """Make what was kept survive the machine; raise InternalError when that fails."""


class MemoryStorage(TransactionalStorage):
    """Keeps nothing."""

    name = ":memory:"

    def __init__(self) -> None:
        super().__init__({})

    def _keep(self, data: Tables) -> None:
        pass


class FileStorage(TransactionalStorage):
    """Keeps the tables in one JSON file, which plain ``TinyDB(path)`` opens as well.

    The file is written whole to a temporary one beside it, synced, and put in its place; then the folder is
    synced. So whenever the process or the machine dies, the file is the old one or the new one, complete.
    A lock file beside it keeps a second emulator out for as long as this one is open.

    Raises StartupError when the file cannot be used, and leaves it as it is then.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            # A link stays one: what it points to is replaced.
            self.path = Path(path).resolve()
        except (OSError, RuntimeError) as error:
            raise StartupError(
                f"the state file {path} is a link that leads nowhere; name another: --state FILE"
            ) from error
        self.name = str(self.path)
        self._lock = filelock.FileLock(self._beside("lock"), blocking=False, mode=0o600, thread_local=False)
        self._take_lock()
        try:
            super().__init__(self._load())
            self._remove_stale()
        except BaseException:
            self.close()
            raise

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f".{self.path.name}.{ending}")

    def _take_lock(self) -> None:
        folder = self.path.parent
        if not folder.exists():
            command = f"mkdir -p {shlex.quote(str(folder))}"
            raise StartupError(f"the state file's folder {folder} does not exist; create it with: {command}")
        if not folder.is_dir():
            raise StartupError(f"{folder} is a file, and the state file cannot be in it; name another: --state FILE")
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise StartupError(
                f"the state file {self.path} is in use by another emulator{self._holder()}; "
                "stop that one, or start with another file: --state FILE"
            ) from error
        except OSError as error:
            raise StartupError(
                f"the folder {folder} cannot be written: {error.strerror}; start with a file elsewhere: --state FILE"
            ) from error
        with contextlib.suppress(OSError):  # only a courtesy to whoever is refused
            Path(self._lock.lock_file).write_text(f"{os.getpid()}\n", encoding="ascii")

    def _holder(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            return f" (process {int(Path(self._lock.lock_file).read_text(encoding='ascii'))})"
        return ""

    def _load(self) -> Tables:
        if self.path.exists() and not self.path.is_file():
            raise StartupError(f"the state file {self.path} is not a plain file; start with another one: --state FILE")
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StartupError(
                f"the state file {self.path} cannot be read: {error.strerror}; start with another one: --state FILE"
            ) from error
        try:
            tables = orjson.loads(content) if content else {}
        except orjson.JSONDecodeError as error:
            raise StartupError(
                f"the state file {self.path} is not JSON (line {error.lineno}, column {error.colno}); "
                "it is left as it is: start with another one: --state FILE"
            ) from error
        if not (isinstance(tables, dict) and all(isinstance(table, dict) for table in tables.values())):
            raise StartupError(
                f"the state file {self.path} is not a TinyDB file; "
                "it is left as it is: start with another one: --state FILE"
            )
        return tables

    def _keep(self, data: Tables) -> None:
        if not self._lock.is_locked:
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

    def _settle(self) -> None:
        try:
            _sync_folder(self.path.parent)
        except OSError as error:
            raise InternalError(
                f"The change is made, but may not survive a power cut: its folder cannot be synced ({error.strerror})."
            ) from error

    def _remove_stale(self) -> None:
        """Remove what an emulator that died while it wrote has left; mkstemp puts eight characters in a name."""
        name = re.compile(rf"\.{re.escape(self.path.name)}\.[a-z0-9_]{{8}}\.tmp")
        for entry in self.path.parent.iterdir():
            if name.fullmatch(entry.name):
                entry.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock back. Every answered change is on disk already."""
        self._lock.release()


def _sync_folder(folder: Path) -> None:
    """Make the replacement itself survive a power cut, where the system can: Windows and some file systems don't."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)
