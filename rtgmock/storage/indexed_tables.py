"""Tables in memory, and what is derived from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtgmock.storage.index import InstanceIndex
from rtgmock.storage.tables import INSTANCES

if TYPE_CHECKING:
    from rtgmock.storage.changes import Changes
    from rtgmock.storage.tables import Tables


class IndexedTables:
    """All tables of a state, which change by ``apply`` only; and what is derived from them, which follows them."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._index: InstanceIndex | None = None
        self._ids_by_name: dict[str, dict[str, int]] = {}

    def rows(self, table: str) -> dict[str, Any]:
        """Return a table's documents by id; an empty table for one that is not there."""
        return self.tables.get(table, {})

    @property
    def index(self) -> InstanceIndex:
        """What is derived from all instances, which must be valid. It is made when it is first needed."""
        if self._index is None:
            self._index = InstanceIndex(self.rows(INSTANCES).values())
        return self._index

    def ids_by_name(self, table: str) -> dict[str, int]:
        """Return the ids of named things, accounts or servers, likewise.

        Each keeps its name, and is removed together with all others only.
        """
        if table not in self._ids_by_name:
            self._ids_by_name[table] = {row["name"]: int(number) for number, row in self.rows(table).items()}
        return self._ids_by_name[table]

    def apply(self, changes: Changes) -> None:
        """Make the changes; all other documents stay the same objects."""
        if changes.whole:
            self._index, self._ids_by_name = None, {}
        if self._index is not None:
            rows, moved = self.rows(INSTANCES), {*changes.moved.get(INSTANCES, ())}
            for number in moved:
                self._index.replace(rows.get(number), None)
            for number, record in changes.documents.get(INSTANCES, {}).items():
                self._index.replace(None if number in moved else rows.get(number), record)
        for table, ids in self._ids_by_name.items():
            ids |= {row["name"]: int(number) for number, row in changes.documents.get(table, {}).items()}
        changes.apply_to(self.tables)

    def copied_tables(self) -> Tables:
        """Return a copy of all tables; the documents in it are the same objects."""
        return {name: dict(rows) for name, rows in self.tables.items()}
