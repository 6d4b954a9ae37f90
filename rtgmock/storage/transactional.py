"""What all storages have in common: tables in memory that change by transactions; and the storage without a file."""

from __future__ import annotations

import contextlib
import threading
from abc import abstractmethod
from typing import TYPE_CHECKING

from tinydb.storages import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.storage.tables import Tables


class TransactionalStorage(Storage):
    """A TinyDB storage that holds the tables in memory and commits all writes of a transaction at once.

    Any thread may read at any time and without a lock: it gets the tables of the last commit, since a commit only
    replaces one reference. The thread of the open transaction reads its own writes. The caller must ensure two
    things: that there is one transaction at a time, and that documents are replaced, never changed in place.
    """

    name: str
    """What messages call the storage."""

    def __init__(self, tables: Tables) -> None:
        self._committed = tables
        self._staged: Tables | None = None
        self._writer: int | None = None

    def read(self) -> Tables:
        """Return the tables in a new dict; the tables in it are shared with all readers."""
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
        """Commit all writes of the block at its end; none of them when an error leaves the block.

        Raises InternalError when they cannot be stored: then nothing has changed, in memory or on disk.
        """
        self._writer = threading.get_ident()
        try:
            yield
            if self._staged is not None:
                self._commit(self._staged)
        finally:
            self._writer = self._staged = None

    def _commit(self, data: Tables) -> None:
        self._persist(data)
        # From here on the change is made. Readers must see it even if the sync fails, since the file has it already.
        self._committed = data
        self._sync()

    @abstractmethod
    def _persist(self, data: Tables) -> None:
        """Make ``data`` survive the end of the process. Raises InternalError."""

    def _sync(self) -> None:
        """Make what was persisted survive a power cut. Raises InternalError."""


class MemoryStorage(TransactionalStorage):
    """Keeps the tables in memory only."""

    name = ":memory:"

    def __init__(self) -> None:
        super().__init__({})

    def _persist(self, data: Tables) -> None:
        pass
