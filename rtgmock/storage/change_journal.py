"""The journal of changes: the file beside the state file to which each commit is appended."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from rtgmock.storage.files import Identity, sync_folder, write_all
from rtgmock.storage.journal_records import (
    JournalContent,
    JournalDamagedError,
    commit_record,
    head_record,
    read_journal,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.storage.changes import Changes


class ChangeJournal:
    """An open journal. Its methods raise OSError; the caller sees to it that one thread at a time appends.

    The file is made by the first record and is not there before, so that a state which nobody changes has none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.length = 0
        """The bytes of all records; what may be in the file behind them does not count."""
        self._synced = 0
        self._descriptor: int | None = None
        self._identity: Identity | None = None
        self._is_torn = self._has_synced_name = False

    def read(self) -> JournalContent:
        """Return what is in the file. Raises JournalDamagedError, OSError."""
        try:
            self._open(create=False)
        except FileNotFoundError:
            return JournalContent("", (), 0)
        descriptor = self._opened()
        with open(descriptor, "rb", closefd=False) as file:
            text = file.read()
        content = read_journal(text)
        self.length = self._synced = content.length
        self._is_torn = len(text) > content.length
        return content

    def append(self, changes: Changes, base: str) -> None:
        """Add a record; before the first one, the one that names the state file by its hash ``base``."""
        if self._descriptor is None:
            self._open(create=True)
        descriptor = self._opened()
        if self._is_torn:
            self._cut()
        record = commit_record(changes, self._synced)
        if self.length == 0:
            record = head_record(base) + record
        self._is_torn = True
        write_all(descriptor, record, self.length)
        self._is_torn = False
        self.length += len(record)

    def sync(self) -> None:
        """Make all records survive a power cut."""
        length = self.length
        if length == self._synced:
            return
        os.fdatasync(self._opened())
        if not self._has_synced_name:
            sync_folder(self.path.parent)
            self._has_synced_name = True
        self._synced = length

    def drop_unsynced(self) -> None:
        """Remove the records since the last successful sync."""
        self.length, self._is_torn = self._synced, True
        with contextlib.suppress(OSError):  # the next record tries again, and isn't written before this has succeeded
            self._cut()

    def clear(self) -> None:
        """Remove all records; when another file has the journal's name by now, the next record makes a new one."""
        if self.is_ours():
            os.ftruncate(self._opened(), 0)
        else:
            self.close()
        self.length = self._synced = 0
        self._is_torn = False

    def is_ours(self) -> bool:
        """Return whether the file that has the journal's name is still the open one."""
        return self._identity is None or Identity.of(self.path) == self._identity

    def remove(self) -> None:
        """Close and remove the file, if it is still the open one."""
        if self._identity is not None and self.is_ours():
            self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor, self._identity = self._descriptor, None, None
        self._has_synced_name = False
        if descriptor is not None:
            with contextlib.suppress(OSError):  # it is closed nevertheless, and all that matters is synced
                os.close(descriptor)

    def _open(self, *, create: bool) -> None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_CREAT | os.O_EXCL if create else 0)
        self._descriptor = os.open(self.path, flags, 0o600)
        self._identity = Identity.of_open(self._descriptor)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise JournalDamagedError("it is not a plain file")

    def _opened(self) -> int:
        if self._descriptor is None:
            raise ValueError("the journal is closed")
        return self._descriptor

    def _cut(self) -> None:
        os.ftruncate(self._opened(), self.length)
        self._is_torn = False
