"""What a transaction changes in the tables of a state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtgmock.storage.tables import Tables


@dataclass
class Changes:
    """The documents that a transaction has set or removed, or all tables that it has put in place of the old ones."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The changed documents by table and id; None stands for a removed one."""
    whole: bool = False
    """Whether the documents are all that there is from now on."""
    moved: dict[str, list[str]] = field(default_factory=dict)
    """The ids by table of documents that were removed and set again: they come after all others, in their order."""

    def __bool__(self) -> bool:
        return self.whole or bool(self.documents)

    def put(self, table: str, key: str, document: Any) -> None:
        """Set a document; None removes it."""
        rows = self.documents.setdefault(table, {})
        if document is not None and key in rows and rows[key] is None:
            del rows[key]
            self.moved.setdefault(table, []).append(key)
        rows[key] = document

    def replace(self, tables: Tables) -> None:
        """Put ``tables`` in place of all that there is."""
        self.documents, self.whole, self.moved = {name: dict(rows) for name, rows in tables.items()}, True, {}

    def apply_to(self, tables: Tables) -> None:
        """Make the changes in ``tables``, whose other documents stay the same objects."""
        if self.whole:
            tables.clear()
        for name, rows in self.documents.items():
            table = tables.setdefault(name, {})
            for key in self.moved.get(name, ()):
                table.pop(key, None)
            for key, document in rows.items():
                if document is None:
                    table.pop(key, None)
                else:
                    table[key] = document
