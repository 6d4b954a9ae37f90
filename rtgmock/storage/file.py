"""The storage that keeps the tables in a file and a journal, and survives ``kill -9``."""

from __future__ import annotations

import contextlib
import logging
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rtgmock.errors import InternalError, StartupError
from rtgmock.storage.change_journal import ChangeJournal
from rtgmock.storage.file_lock import StateFileLock
from rtgmock.storage.files import Version, replace_file, sync_folder
from rtgmock.storage.folding import FoldingThread
from rtgmock.storage.journal_records import JournalContent, JournalDamagedError
from rtgmock.storage.state_file import JournalPart, StateFile, encoded, hash_of, load
from rtgmock.storage.transactional import TransactionalStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.storage.changes import Changes

MIN_FOLD_SIZE = 1 << 20
"""Bytes of a journal that is never too large: to write a file takes time, however small it is."""


class FileStorage(TransactionalStorage):
    """Keeps the tables in one JSON file, which plain ``TinyDB(path)`` opens as well, and a journal beside it.

    Each commit appends a record to the journal and syncs it, which costs the same for any number of documents. The
    journal is folded into the file when no commit has come for ``idle`` seconds, when it is larger than the file and
    ``MIN_FOLD_SIZE``, when the storage is closed, and when it is opened. To fold is to write the whole file to a
    temporary one, sync that, put it in the file's place, sync the folder, and empty the journal. If the process or
    the machine dies at any point, file and journal together give what was committed: the file says which part of a
    journal is in it, and a journal says by a hash which file it began with.

    A lock file refuses a second emulator while this one has the file open. When somebody has removed that, or has
    written the file or the journal, nothing more is written.

    Raises StartupError when the file or its journal cannot be used; then both are left unchanged.
    """

    def __init__(self, path: str | Path, idle: float = 1.0) -> None:
        try:
            # A link stays a link: the file that it points to is replaced.
            self.path = Path(path).resolve()
        except (OSError, RuntimeError) as error:
            raise StartupError(
                f"the state file {path} is a link that leads nowhere; name another: --state FILE"
            ) from error
        self.name = str(self.path)
        self._journal = ChangeJournal(self.path.with_name(f"{self.path.name}.journal"))
        self._lock = StateFileLock(self.path, self.path.with_name(f".{self.path.name}.lock"))
        self._folding = FoldingThread(self.fold, idle)
        self._lock.acquire()
        try:
            self._open()
        except OSError as error:
            self._close_files()
            raise StartupError(
                f"the state file {self.path} cannot be read: {error.strerror}; start with another one: --state FILE"
            ) from error
        except BaseException:
            self._close_files()
            raise

    def _open(self) -> None:
        found = load(self.path)
        self._base, self._version = found.hash, Version.of(self.path)
        for changes in self._unfolded(found):
            changes.apply_to(found.tables)
        super().__init__(found.tables)
        self._remove_temporary_files()

    def _unfolded(self, found: StateFile) -> Iterator[Changes]:
        """Give the changes in the journal that are not in the file. Raises StartupError."""
        content = self._read_journal()
        start = 0
        if content.length and content.base != found.hash:
            if found.part is None or content.base != found.part.base or found.part.length > content.length:
                path = self._journal.path
                raise StartupError(
                    f"the journal {path} was not written for the state file beside it; put that file back, or go on "
                    f"without the changes in the journal: rm {shlex.quote(str(path))}"
                )
            self._base, start = content.base, found.part.length
        yield from (changes for offset, changes in content.commits if offset >= start)

    def _read_journal(self) -> JournalContent:
        try:
            return self._journal.read()
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except JournalDamagedError as error:
            problem = f"cannot be used: {error}"
        raise StartupError(
            f"the journal {self._journal.path} of the state file {problem}; both are left as they are: "
            "start with another state: --state FILE"
        )

    def _append(self, changes: Changes) -> None:
        try:
            self._check_ownership()
            if not self._journal.is_ours():
                self._folding.notify(is_large=True)
                raise InternalError.not_stored(
                    f"the journal {self._journal.path} was removed",
                    "All that was in it is written again: send the request once more.",
                )
            if self._base:
                self._journal.append(changes, self._base)
            else:
                self._write_first()
        except OSError as error:
            raise _not_written(error) from error

    def _sync(self) -> None:
        try:
            self._journal.sync()
        except OSError as error:
            raise _not_written(error) from error
        if self._journal.length:
            size = self._version.size if self._version else 0
            self._folding.notify(is_large=self._journal.length > max(size, MIN_FOLD_SIZE))

    def _drop_unsynced(self) -> None:
        self._journal.drop_unsynced()

    def _write_first(self) -> None:
        """Write the file that a journal can begin with. Raises OSError."""
        content = encoded(self._latest.tables, None)
        version = replace_file(self.path, content)
        try:
            sync_folder(self.path.parent)
        except OSError:
            self.path.unlink()
            raise
        self._base, self._version = hash_of(content), version

    def fold(self) -> None:
        """Bring all commits into the file, and empty the journal.

        That it fails is only logged: the commits are in the journal, from where a later fold or the next start
        brings them into the file.
        """
        with self._sync_lock, self._transaction_lock:
            if self._pending:
                self._settle()
            if not self._journal.length or not self._lock.is_held:
                return
            try:
                self._check_ownership()
                self._fold()
            except (InternalError, OSError) as error:
                logging.getLogger("rtgmock").warning(
                    "the journal %s cannot be brought into the state file: %s", self._journal.path, error
                )

    def _fold(self) -> None:
        content = encoded(self._latest.tables, JournalPart(self._base, self._journal.length))
        self._version = replace_file(self.path, content)
        # Before the folder is synced, a power cut may bring back the old file, which needs the whole journal. The new
        # one says which part of the journal is in it. So if this fails, the journal goes on as it is.
        sync_folder(self.path.parent)
        self._journal.clear()
        self._base = hash_of(content)

    def _check_ownership(self) -> None:
        """Raise InternalError when a write could destroy what somebody else has written. Raises OSError."""
        # A request that outlasts the emulator's stop must not write to a file that another emulator may have by now.
        if not self._lock.is_held:
            raise InternalError.not_stored("the state file is closed, since the emulator stops")
        if not self._lock.is_ours():
            problem = "its lock file was removed, and another emulator may use it"
        elif Version.of(self.path) != self._version:
            problem = "another program has written or removed it"
        else:
            return
        raise InternalError.not_stored(
            f"the state file {self.name} is not written any more: {problem}",
            "Restart the emulator to use the file as it is now.",
        )

    def _remove_temporary_files(self) -> None:
        """Remove the temporary files of an emulator that died while it wrote this state file."""
        # mkstemp puts eight characters into a name. Any looser pattern would match the files of other states.
        name = re.compile(rf"\.{re.escape(self.path.name)}\.[a-z0-9_]{{8}}\.tmp")
        with contextlib.suppress(OSError):  # they only take room, and the folder may not be listed
            for entry in self.path.parent.iterdir():
                if name.fullmatch(entry.name):
                    with contextlib.suppress(OSError):  # a folder of that name is not ours
                        entry.unlink()

    def close(self) -> None:
        """Fold the journal and remove it, and release the lock. Every commit is on disk already."""
        self._folding.stop()
        self.fold()
        self.abandon()

    def abandon(self) -> None:
        """Release the lock. A journal that is not folded stays for the next start."""
        self._folding.stop()
        with self._sync_lock, self._transaction_lock:
            if not self._journal.length:
                with contextlib.suppress(OSError):  # one that is empty does no harm
                    self._journal.remove()
            self._close_files()

    def _close_files(self) -> None:
        self._journal.close()
        self._lock.release()


def _not_written(error: OSError) -> InternalError:
    return InternalError.not_stored(f"the state file cannot be written ({error.strerror})")
