"""TinyDB on top of a transactional storage, with changes that cost the same at any size."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, cast

from tinydb import TinyDB
from tinydb.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rtgmock.storage.transactional import TransactionalStorage


class _Table(Table):
    """A table whose changes cost the same at any size.

    TinyDB's own reads all tables, changes them and writes all of them. Here a change goes to the storage alone, and
    documents are replaced and never changed in place: a reader may keep the one that it got.
    """

    def put(self, doc_id: int, document: Mapping[str, Any]) -> None:
        """Store a document under its id, in place of the one that has it."""
        self._update_table(lambda table: table.__setitem__(doc_id, document))

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        storage = cast("TransactionalStorage", self._storage)
        updater(cast("dict[int, Mapping[str, Any]]", _ChangedTable(storage, self.name)))


class _ChangedTable(MutableMapping[int, "Mapping[str, Any]"]):
    """What TinyDB's operations change: a table of this thread's transaction, with numbers for keys."""

    def __init__(self, storage: TransactionalStorage, name: str) -> None:
        self._storage, self._name = storage, name

    def __setitem__(self, doc_id: int, document: Mapping[str, Any]) -> None:
        self._storage.put(self._name, str(doc_id), document)

    def __delitem__(self, doc_id: int) -> None:
        self[doc_id]  # raises KeyError
        self._storage.put(self._name, str(doc_id), None)

    def __getitem__(self, doc_id: int) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", self._storage.view(lambda state: state.rows(self._name)[str(doc_id)]))

    def __iter__(self) -> Iterator[int]:
        return iter(self._storage.view(lambda state: [int(key) for key in state.rows(self._name)]))

    def __len__(self) -> int:
        return self._storage.view(lambda state: len(state.rows(self._name)))


class Database(TinyDB):
    """The tables of a transactional storage."""

    table_class = _Table

    def named(self, name: str) -> _Table:
        """Return a table."""
        return cast("_Table", self.table(name))
