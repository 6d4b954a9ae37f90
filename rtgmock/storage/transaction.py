"""What may be changed inside a transaction of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtgmock.storage.state import copy_record, tables_of
from rtgmock.storage.tables import ACCOUNTS, ENGINE, HEAD, INSTANCES, LEFTOVERS, SERVERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rtgmock.model.types import Record
    from rtgmock.storage.database import Database
    from rtgmock.storage.state import State
    from rtgmock.storage.transactional import TransactionalStorage


class Transaction:
    """The changes that may be made inside ``Store.transaction``. Reads of the store in the same thread see them."""

    def __init__(self, storage: TransactionalStorage, database: Database) -> None:
        self._storage, self._database = storage, database

    def next_instance_id(self) -> int:
        """Return an id that no instance has had before, a deleted one included."""
        head = self._head()
        instance_id = int(head["last_instance_id"]) + 1
        self._database.named(HEAD).put(1, {**head, "last_instance_id": instance_id})
        return instance_id

    def use_instance_id(self, instance_id: int) -> None:
        """Note that an instance has an id, so that no other is given it."""
        head = self._head()
        if instance_id > head["last_instance_id"]:
            self._database.named(HEAD).put(1, {**head, "last_instance_id": instance_id})

    def put_instance(self, record: Record) -> None:
        """Store an instance under its id, in place of the one that has it."""
        self._database.named(INSTANCES).put(record["id"], copy_record(record))

    def remove_instance(self, instance_id: int) -> None:
        """Remove an existing instance."""
        self._database.named(INSTANCES).remove(doc_ids=[instance_id])

    def add_server(self, server_id: int, name: str) -> None:
        """Store a new server."""
        self._database.named(SERVERS).put(server_id, {"name": name})

    def account_id(self, name: str) -> int:
        """Return the id of an account, which gets one if it has none yet."""
        ids = self._storage.latest(lambda state: state.ids_by_name(ACCOUNTS))
        if name in ids:
            return ids[name]
        new = max(ids.values(), default=0) + 1
        self._database.named(ACCOUNTS).put(new, {"name": name})
        return new

    def add_accounts(self, names: Iterable[str]) -> None:
        """Give an id to each name that has none yet."""
        for name in names:
            self.account_id(name)

    def replace(self, state: State, engine: str = "", leftovers: Iterable[int] = ()) -> None:
        """Replace the whole state by one in which ``problems`` finds nothing; the state's own id stays.

        ``leftovers`` are the ids of which the engine that runs has something of the old state. Of each other engine,
        all that it has is left of that; ``engine`` is empty when none runs.
        """
        head = self._head()
        noted: dict[str, list[int] | None] = head.get(LEFTOVERS, {})
        new: dict[str, list[int] | None] = dict.fromkeys(noted)
        if engine and (known := noted.get(engine, [])) is not None:
            new[engine] = sorted({*known, *leftovers})
        head = {**head, "last_instance_id": state.last_instance_id, ENGINE: engine, **({LEFTOVERS: new} if new else {})}
        self._storage.write({HEAD: {"1": head}, **tables_of(state)})

    def note_leftovers(self, ids: Collection[int], engine: str) -> None:
        """Note that each engine that has run on this state may have something of former instances with these ids.

        The one that runs is ``engine``; it is empty when none does.
        """
        head = self._head()
        noted: dict[str, list[int] | None] = ({engine: []} if engine else {}) | head.get(LEFTOVERS, {})
        new = {name: known if known is None else sorted({*known, *ids}) for name, known in noted.items()}
        if ids and new:
            self._database.named(HEAD).put(1, {**head, LEFTOVERS: new})

    def put_leftovers(self, engine: str, ids: Iterable[int]) -> None:
        """Note that an engine runs on this state, and of which ids it has something that is to be destroyed."""
        head = self._head()
        leftovers = {**head.get(LEFTOVERS, {}), engine: sorted(ids)}
        self._database.named(HEAD).put(1, {**head, LEFTOVERS: leftovers, ENGINE: engine})

    def _head(self) -> dict[str, Any]:
        return self._storage.latest(lambda state: state.rows(HEAD)["1"])
