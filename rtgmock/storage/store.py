"""The store of instances, servers and accounts. It copies what it is given, and gives copies."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tinydb import TinyDB
from tinydb.table import Table

from rtgmock.errors import InternalError, StartupError, cut
from rtgmock.model.attributes import STORED
from rtgmock.model.types import SavePoints
from rtgmock.storage.checks import account_problems, table_problems
from rtgmock.storage.tables import ACCOUNTS, FORMAT, HEAD, INSTANCES, SERVERS
from rtgmock.storage.transactional import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rtgmock.model.types import Record
    from rtgmock.storage.tables import Tables
    from rtgmock.storage.transactional import TransactionalStorage


_CONTAINERS = (*(row.name for row in STORED if isinstance(row.value_type, SavePoints)), "boot")
"""What a record has that is a list or a dict."""


@dataclass(frozen=True)
class Server:
    """A server's name, and its memory in bytes if that differs from the settings'."""

    name: str
    memory: int | None = None


@dataclass(frozen=True)
class State:
    """All that a store holds except for the state's own id. Servers and accounts' names are by id."""

    instances: tuple[Record, ...] = ()
    servers: Mapping[int, Server] = field(default_factory=dict)
    accounts: Mapping[int, str] = field(default_factory=dict)
    last_instance_id: int = 0


class _Table(Table):
    """A table whose documents are replaced and never changed in place.

    So a reader may keep the document that it got, and a transaction that fails leaves the committed ones alone.
    """

    def put(self, doc_id: int, document: Mapping[str, Any]) -> None:
        """Store a document under its id, in place of the one that has it."""
        self._update_table(lambda table: table.__setitem__(doc_id, document))


class _Database(TinyDB):
    table_class = _Table

    def named(self, name: str) -> _Table:
        return cast("_Table", self.table(name))


class Store:
    """The state of one emulator.

    Any thread may read at any time and without a lock: each method sees the state of the last commit. All changes
    are made in a ``transaction``; there is one at a time. No other lock may be taken inside one.
    """

    def __init__(self, storage: TransactionalStorage) -> None:
        self._storage = storage
        # TinyDB calls what it is given to make its storage; this one exists already, opened and locked.
        self._database = _Database(storage=lambda: storage)
        self._transaction_lock = threading.Lock()

    @classmethod
    def open(cls, path: Path | None, state_id: str) -> Store:
        """Open a state file, or an empty state in memory for None; a new state gets the id ``state_id``.

        Raises StartupError for a file that is in use, unreadable, of a newer format or not valid.
        """
        store = cls(_storage(path))
        try:
            store._prepare(state_id)
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self, state_id: str) -> None:
        """Check the tables of an existing file, and write what a new or an old one lacks."""
        tables = self._storage.read()
        if not tables:
            with self.transaction():
                head = {"format": FORMAT, "state_id": state_id, "last_instance_id": 0}
                self._database.named(HEAD).put(1, head)
            return
        if problem := next(table_problems(tables), ""):
            raise StartupError(
                f"the state file {self._storage.name} cannot be used: {cut(problem)}; "
                "it is left as it is: start with another one: --state FILE"
            )
        head = tables[HEAD]["1"]
        if "state_id" not in head:  # a file from before there were engines
            with self.transaction():
                self._database.named(HEAD).put(1, {**head, "state_id": state_id})

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit all changes of the block at its end, in memory and on disk, or none when an error leaves it.

        Waits for another transaction to end. Raises InternalError when the changes cannot be stored.
        """
        with self._transaction_lock, self._storage.transaction():
            yield Transaction(self._storage, self._database)
            # Accounts come from the settings. A name that the check at the next start refuses would lock out the file.
            if problem := next(account_problems(self._rows(ACCOUNTS)), ""):
                raise InternalError(f"The state cannot be stored ({problem}); nothing has changed.")

    def _rows(self, table: str) -> dict[str, Any]:
        return self._storage.read().get(table, {})

    @property
    def state_id(self) -> str:
        """The id by which this state's containers are told from another's; it stays the same for the file's life."""
        return str(self._rows(HEAD)["1"]["state_id"])

    def instance(self, instance_id: int, account: str | None = None) -> Record | None:
        """Return the instance of that id; None when there is none, or when it is not the given account's."""
        tables = self._storage.read()  # once, so that instance and account are of one commit
        record = tables.get(INSTANCES, {}).get(str(instance_id))
        if record is None or (account is not None and record["user_id"] != _account_id(tables, account)):
            return None
        return _copy(record)

    def instances(self, account: str | None = None) -> list[Record]:
        """Return the instances of one account, or of all, in the order in which they were created."""
        tables = self._storage.read()
        user_id = _account_id(tables, account)
        return [
            _copy(record)
            for record in tables.get(INSTANCES, {}).values()
            if account is None or record["user_id"] == user_id
        ]

    @property
    def instance_count(self) -> int:
        """The number of all accounts' instances."""
        return len(self._rows(INSTANCES))

    def servers(self) -> dict[int, Server]:
        """Return the servers by id."""
        return _servers(self._storage.read())

    def accounts(self) -> dict[str, int]:
        """Return the accounts' ids by name."""
        return {row["name"]: int(number) for number, row in self._rows(ACCOUNTS).items()}

    def ports(self) -> set[int]:
        """Return the ports that instances have."""
        return {record["port"] for record in self._rows(INSTANCES).values()}

    def memory_by_server(self) -> dict[int, int]:
        """Return the bytes that each server's instances have together."""
        tables = self._storage.read()
        used = {int(number): 0 for number in tables.get(SERVERS, {})}
        for record in tables.get(INSTANCES, {}).values():
            used[record["server_id"]] += record["memory"]
        return used

    @property
    def last_instance_id(self) -> int:
        """The highest id that an instance was ever given; 0 when there was none."""
        return int(self._rows(HEAD)["1"]["last_instance_id"])

    def state(self) -> State:
        """Return the whole state as of one commit."""
        tables = self._storage.read()
        return State(
            tuple(_copy(record) for record in tables.get(INSTANCES, {}).values()),
            _servers(tables),
            {int(number): row["name"] for number, row in tables.get(ACCOUNTS, {}).items()},
            int(tables[HEAD]["1"]["last_instance_id"]),
        )

    def close(self) -> None:
        """Close the file once the open transaction has ended, so that another emulator can open it."""
        with self._transaction_lock:
            self._database.close()


def _storage(path: Path | None) -> TransactionalStorage:
    if path is None:
        return MemoryStorage()
    from rtgmock.storage.file import FileStorage  # noqa: PLC0415 - filelock, which is slow to import

    return FileStorage(path)


class Transaction:
    """The changes that may be made inside ``Store.transaction``. Reads of the store in the same thread see them."""

    def __init__(self, storage: TransactionalStorage, database: _Database) -> None:
        self._storage = storage
        self._database = database

    def next_instance_id(self) -> int:
        """Return an id that no instance has had before, a deleted one included."""
        head = self._storage.read()[HEAD]["1"]
        instance_id = int(head["last_instance_id"]) + 1
        self._database.named(HEAD).put(1, {**head, "last_instance_id": instance_id})
        return instance_id

    def put_instance(self, record: Record) -> None:
        """Store an instance under its id, in place of the one that has it."""
        self._database.named(INSTANCES).put(record["id"], _copy(record))

    def remove_instance(self, instance_id: int) -> None:
        """Remove an existing instance."""
        self._database.named(INSTANCES).remove(doc_ids=[instance_id])

    def add_server(self, server_id: int, name: str) -> None:
        """Store a new server."""
        self._database.named(SERVERS).put(server_id, {"name": name})

    def account_id(self, name: str) -> int:
        """Return the id of an account, which gets one if it has none yet."""
        tables = self._storage.read()
        known = _account_id(tables, name)
        if known is not None:
            return known
        new = max(map(int, tables.get(ACCOUNTS, {})), default=0) + 1
        self._database.named(ACCOUNTS).put(new, {"name": name})
        return new

    def add_accounts(self, names: Iterable[str]) -> None:
        """Give an id to each name that has none yet."""
        for name in names:
            self.account_id(name)

    def replace(self, state: State) -> None:
        """Replace the whole state by one in which ``problems`` finds nothing; the state's own id stays."""
        head = self._storage.read()[HEAD]["1"] | {"last_instance_id": state.last_instance_id}
        self._storage.write({HEAD: {"1": head}, **_tables(state)})


def problems(state: State) -> Iterator[str]:
    """Give what makes a state unfit to be stored, in the words of an error message."""
    head = {"format": FORMAT, "last_instance_id": state.last_instance_id}
    return table_problems({HEAD: {"1": head}, **_tables(state)})


def _tables(state: State) -> Tables:
    return {
        INSTANCES: {str(record["id"]): _copy(record) for record in state.instances},
        SERVERS: {str(number): _server_row(server) for number, server in state.servers.items()},
        ACCOUNTS: {str(number): {"name": name} for number, name in state.accounts.items()},
    }


def _server_row(server: Server) -> dict[str, Any]:
    return {"name": server.name} | ({"memory": server.memory} if server.memory else {})


def _servers(tables: Tables) -> dict[int, Server]:
    return {int(number): Server(row["name"], row.get("memory")) for number, row in tables.get(SERVERS, {}).items()}


def _account_id(tables: Tables, name: str | None) -> int | None:
    # A linear search, since there are a few accounts only.
    return next((int(number) for number, row in tables.get(ACCOUNTS, {}).items() if row["name"] == name), None)


def _copy(record: Record) -> Record:
    # No value is nested deeper than a list of strings, so this is as good as a deep copy, and much faster.
    copied = record.copy()
    for name in _CONTAINERS:
        value = copied.get(name)
        if isinstance(value, list | dict):  # a state that is still to be checked may hold anything
            copied[name] = value.copy()
    return copied
