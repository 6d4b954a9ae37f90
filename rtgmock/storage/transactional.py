"""What all storages have in common: tables in memory that change by transactions; and the storage without a file."""

from __future__ import annotations

import contextlib
import threading
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tinydb.storages import Storage

from rtgmock.errors import InternalError
from rtgmock.storage.changes import Changes
from rtgmock.storage.indexed_tables import IndexedTables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from rtgmock.storage.tables import Tables

T = TypeVar("T")


@dataclass
class _Commit:
    """The changes of a transaction that has ended, and what has become of them."""

    changes: Changes
    settled: bool = False
    error: InternalError | None = None
    """Why the changes were not stored."""


class TransactionalStorage(Storage):
    """A TinyDB storage that holds the tables in memory and commits all changes of a transaction at once.

    A commit has two steps. It is appended to what is stored, one commit after the other, while its transaction holds
    the lock; then the lock is free for the next one, and the commit waits until what was appended is synced. Commits
    that come together share one sync. So there are two copies of the tables: the latest, which transactions see, and
    the committed one, which everybody else sees. They share the documents, so documents must be replaced and never
    changed in place.

    The locks are taken in this order: that of the sync, that of the transaction, that of the memory, which is only
    held while nothing is waited for.
    """

    name: str
    """What messages call the storage."""

    def __init__(self, tables: Tables) -> None:
        self._committed = IndexedTables(tables)
        self._latest = IndexedTables(self._committed.copied_tables())
        self._changes = Changes()
        self._pending: deque[_Commit] = deque()
        self._writer: int | None = None
        self._sync_lock = threading.Lock()
        self._transaction_lock = threading.RLock()
        self._memory_lock = threading.Lock()

    def view(self, look: Callable[[IndexedTables], T]) -> T:
        """Return what ``look`` returns for the tables of the last commit, or for those of this thread's transaction.

        It must be quick and not keep the tables, which change in place; their documents don't.
        """
        if self._writer == threading.get_ident():
            return look(self._latest)
        with self._memory_lock:
            return look(self._committed)

    def latest(self, look: Callable[[IndexedTables], T]) -> T:
        """Return what ``look`` returns for the tables that the next transaction begins with; waits for an open one."""
        with self._transaction_lock:
            return look(self._latest)

    def read(self) -> Tables:
        """Return a copy of all tables; the documents in it are shared with all readers."""
        return self.view(IndexedTables.copied_tables)

    def write(self, data: Tables) -> None:
        """Put ``data`` in place of all tables: at the end of this thread's transaction, or else at once."""
        if self._writer == threading.get_ident():
            self._changes.replace(data)
            self._latest.apply(self._changes)
        else:
            with self.transaction():
                self.write(data)

    def put(self, table: str, key: str, document: Mapping[str, Any] | None) -> None:
        """Set a document, or remove it for None: at the end of this thread's transaction, or else at once."""
        if self._writer == threading.get_ident():
            self._changes.put(table, key, document)
            self._latest.apply(Changes({table: {key: document}}))
        else:
            with self.transaction():
                self.put(table, key, document)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Changes]:
        """Commit all changes of the block at its end; none of them when an error leaves the block.

        Gives the changes, which the block makes by ``put`` and ``write``. Raises InternalError when they cannot be
        stored: then nothing has changed, in memory or on disk.
        """
        with self._transaction_lock:
            if self._writer is not None:
                raise RuntimeError("a transaction cannot be part of another one")
            self._changes, self._writer = Changes(), threading.get_ident()
            try:
                yield self._changes
                commit = self._begin_commit()
            except BaseException:
                if self._changes:
                    self._restore_latest()
                raise
            finally:
                self._changes, self._writer = Changes(), None
        if commit is not None:
            self._finish_commit(commit)

    def _begin_commit(self) -> _Commit | None:
        if not self._changes:
            return None
        self._append(self._changes)
        commit = _Commit(self._changes)
        self._pending.append(commit)
        return commit

    def _finish_commit(self, commit: _Commit) -> None:
        """Wait until a commit is stored, or store it together with all others that have come meanwhile."""
        with self._sync_lock:
            if not commit.settled:
                self._settle()
        if commit.error is not None:
            raise commit.error

    def _settle(self) -> None:
        """Sync all commits that were appended, and let readers see them. Needs the lock of the sync."""
        commits = list(self._pending)
        try:
            self._sync()
        except InternalError as error:
            self._take_back(error)
            return
        with self._memory_lock:
            for commit in commits:
                self._committed.apply(commit.changes)
                commit.settled = True
                self._pending.popleft()

    def _take_back(self, error: InternalError) -> None:
        """Drop all commits that are not synced, those included that were appended after the sync began.

        They may rest on each other, so none of them can stay.
        """
        with self._transaction_lock:
            self._drop_unsynced()
            for commit in self._pending:
                commit.settled, commit.error = True, error
            self._pending.clear()
            self._restore_latest()

    def _restore_latest(self) -> None:
        """Take the open transaction's changes, or those of dropped commits, out of the latest tables."""
        with self._memory_lock:
            latest = IndexedTables(self._committed.copied_tables())
            for commit in self._pending:
                latest.apply(commit.changes)
        self._latest = latest

    @abstractmethod
    def _append(self, changes: Changes) -> None:
        """Add changes to what is stored. Raises InternalError; then nothing was added."""

    def _sync(self) -> None:
        """Make what was appended survive a power cut. Raises InternalError."""

    def fold(self) -> None:
        """Bring what is stored into the form that other programs read, if it isn't in that."""

    def abandon(self) -> None:
        """Close the storage, and leave what is stored as it is."""

    def _drop_unsynced(self) -> None:
        """Remove from what is stored all that was appended since the last successful sync."""


class MemoryStorage(TransactionalStorage):
    """Keeps the tables in memory only."""

    name = ":memory:"

    def __init__(self) -> None:
        super().__init__({})

    def _append(self, changes: Changes) -> None:
        pass
