"""The only user of TinyDB: instances, servers and accounts, under one lock, copies in and copies out."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tinydb import TinyDB
from tinydb.table import Table

from rtgmock.errors import InternalError, StartupError
from rtgmock.model.instances import record_problems
from rtgmock.model.lifecycle import is_boot
from rtgmock.model.types import ACCOUNT_NAME, Integer, Text
from rtgmock.storage.file import FileStorage, MemoryStorage, Tables, TransactionalStorage
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rtgmock.model.types import Record

FORMAT = 1
"""The version of the file's format; a file with a higher one is refused."""

_HIGHEST_ID = 10**15
_FORMAT, _INSTANCES, _SERVERS, _ACCOUNTS = "rtgmock", "instances", "servers", "accounts"


@dataclass(frozen=True)
class Server:
    """A server: its name, and its memory in bytes where that is another than the settings say."""

    name: str
    memory: int | None = None


@dataclass(frozen=True)
class State:
    """All that a store holds, but for what tells its file from another's. Servers and accounts by id."""

    instances: tuple[Record, ...] = ()
    servers: Mapping[int, Server] = field(default_factory=dict)
    accounts: Mapping[int, str] = field(default_factory=dict)
    last_instance_id: int = 0


class _Table(Table):
    """A table whose documents are replaced and not changed, so that whoever reads one keeps what it read."""

    def put(self, doc_id: int, document: Mapping[str, Any]) -> None:
        self._update_table(lambda table: table.__setitem__(doc_id, document))

    def raw(self) -> dict[str, Any]:
        """The documents by id, as they are stored and without a copy: to be read within this module only."""
        return self._read_table()


class _Database(TinyDB):
    table_class = _Table

    def named(self, name: str) -> _Table:
        return cast("_Table", self.table(name))


class Store:
    """The state of one emulator.

    Reads need no lock: they see what was last committed. Changes go through ``transaction``, one at a time.
    All that comes in or goes out is a copy.
    """

    def __init__(self, storage: TransactionalStorage) -> None:
        self._storage = storage
        # TinyDB makes its storage itself; this one exists already, opened and locked.
        self._database = _Database(storage=lambda: storage)
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path | None, state_id: str) -> Store:
        """Open a state file, or an empty state in memory for None; a new one is to be known by ``state_id``.

        Raises StartupError for a file that is in use, unreadable, of a newer format or not valid.
        """
        storage = MemoryStorage() if path is None else FileStorage(path)
        store = cls(storage)
        try:
            store._prepare(state_id)
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self, state_id: str) -> None:
        tables = self._storage.read()
        if not tables:
            with self.transaction():
                head = {"format": FORMAT, "state_id": state_id, "last_instance_id": 0}
                self._database.named(_FORMAT).put(1, head)
            return
        if problem := next(_problems(tables), ""):
            raise StartupError(
                f"the state file {self._storage.name} cannot be used: {problem}; "
                "it is left as it is: start with another one: --state FILE"
            )
        head = tables[_FORMAT]["1"]
        if "state_id" not in head:  # a file from before there were engines
            with self.transaction():
                self._database.named(_FORMAT).put(1, {**head, "state_id": state_id})

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change the state: all that is done inside, or nothing of it.

        Waits for the lock. When the block ends the change is on disk. Raises InternalError when it cannot be.
        """
        with self._lock, self._storage.transaction():
            yield Transaction(self._database)
            if problem := next(_misnamed({_ACCOUNTS: self._database.named(_ACCOUNTS).raw()}), ""):
                raise InternalError(f"The state cannot be stored ({problem}); nothing has changed.")

    @property
    def state_id(self) -> str:
        """What tells this state's containers from another's; as old as the file."""
        return str(self._database.named(_FORMAT).raw()["1"]["state_id"])

    def instance(self, instance_id: int, account: str | None = None) -> Record | None:
        """Return the instance of that id; None when there is none, or when it is not the given account's."""
        tables = self._storage.read()  # once, so that instance and account are of one commit
        record = tables.get(_INSTANCES, {}).get(str(instance_id))
        if record is None or (account is not None and record["user_id"] != _account_id(tables, account)):
            return None
        return _copied(record)

    def instances(self, account: str | None = None) -> list[Record]:
        """Return the instances of one account, or of all, in the order of their ids."""
        tables = self._storage.read()
        user_id = _account_id(tables, account)
        return [
            _copied(record)
            for record in tables.get(_INSTANCES, {}).values()
            if account is None or record["user_id"] == user_id
        ]

    def servers(self) -> dict[int, Server]:
        """The servers by id."""
        rows = self._database.named(_SERVERS).raw()
        return {int(number): Server(row["name"], row.get("memory")) for number, row in rows.items()}

    def accounts(self) -> dict[str, int]:
        """The accounts' ids by name."""
        return {account["name"]: int(number) for number, account in self._database.named(_ACCOUNTS).raw().items()}

    def ports(self) -> set[int]:
        """The ports that instances have."""
        return {record["port"] for record in self._database.named(_INSTANCES).raw().values()}

    def memory_by_server(self) -> dict[int, int]:
        """The bytes that each server's instances have together."""
        used = dict.fromkeys(self.servers(), 0)
        for record in self._database.named(_INSTANCES).raw().values():
            used[record["server_id"]] += record["memory"]
        return used

    @property
    def last_instance_id(self) -> int:
        """The highest id that was ever given; 0 when none was."""
        return int(self._database.named(_FORMAT).raw()["1"]["last_instance_id"])

    def state(self) -> State:
        """All of it, as it was last committed."""
        accounts = {number: name for name, number in self.accounts().items()}
        return State(tuple(self.instances()), self.servers(), accounts, self.last_instance_id)

    def close(self) -> None:
        """Close the file, once no transaction is under way, and let another emulator have it."""
        with self._lock:
            self._database.close()


def _account_id(tables: Tables, name: str | None) -> int | None:
    return next((int(number) for number, row in tables.get(_ACCOUNTS, {}).items() if row["name"] == name), None)


def _copied(record: Record) -> Record:
    """A record that shares nothing with the other: no value in it is nested deeper than a list of strings."""
    return {name: value.copy() if isinstance(value, list | dict) else value for name, value in record.items()}


class Transaction:
    """What may be changed inside ``Store.transaction``. Reads of the store in the same thread see the changes."""

    def __init__(self, database: _Database) -> None:
        self._database = database

    def next_instance_id(self) -> int:
        """An id that no instance has had before, not even one that is gone."""
        table = self._database.named(_FORMAT)
        counters = table.raw()["1"]
        number = int(counters["last_instance_id"]) + 1
        table.put(1, {**counters, "last_instance_id": number})
        return number

    def put_instance(self, record: Record) -> None:
        """Store an instance under its id, in place of the one that has it."""
        self._database.named(_INSTANCES).put(record["id"], _copied(record))

    def remove_instance(self, instance_id: int) -> None:
        """Remove an instance that there is."""
        self._database.named(_INSTANCES).remove(doc_ids=[instance_id])

    def add_server(self, server_id: int, name: str) -> None:
        """Store a new server."""
        self._database.named(_SERVERS).put(server_id, {"name": name})

    def account_id(self, name: str) -> int:
        """Return the id of an account, which gets one if it has none yet."""
        table = self._database.named(_ACCOUNTS)
        known = {row["name"]: int(number) for number, row in table.raw().items()}
        if name not in known:
            known[name] = max(known.values(), default=0) + 1
            table.put(known[name], {"name": name})
        return known[name]

    def add_accounts(self, names: Iterable[str]) -> None:
        """Give an id to each name that has none yet."""
        for name in names:
            self.account_id(name)

    def replace(self, state: State) -> None:
        """Put a state, of which ``problems`` finds nothing wrong, in the place of all that there is."""
        head = self._database.named(_FORMAT).raw()["1"] | {"last_instance_id": state.last_instance_id}
        self._database.storage.write({_FORMAT: {"1": head}, **_tables(state)})


def _tables(state: State) -> Tables:
    return {
        _INSTANCES: {str(record["id"]): _copied(record) for record in state.instances},
        _SERVERS: {str(number): _row(server) for number, server in state.servers.items()},
        _ACCOUNTS: {str(number): {"name": name} for number, name in state.accounts.items()},
    }


def _row(server: Server) -> Record:
    return {"name": server.name} | ({"memory": server.memory} if server.memory else {})


def problems(state: State) -> list[str]:
    """What makes a state unfit to be stored; only the first of it may be relied upon."""
    head = {"format": FORMAT, "last_instance_id": state.last_instance_id}
    return list(_problems({_FORMAT: {"1": head}, **_tables(state)}))


def _problems(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What makes a file unfit to be used, nothing when it is fit; only the first of it may be relied upon."""
    counters = tables.get(_FORMAT, {}).get("1")
    if not isinstance(counters, dict) or type(counters.get("format")) is not int:
        yield "it was not written by rtgmock"
        return
    if counters["format"] < 1:
        yield f"its format is version {counters['format']}"
        return
    if counters["format"] > FORMAT:
        yield f"a newer rtgmock wrote it, in version {counters['format']} of its format; this one knows {FORMAT}"
        return
    if not re.fullmatch(r"[0-9a-f]{4,32}", str(counters.get("state_id", "0000"))):
        yield f"state_id is {counters['state_id']!r}"
        return
    last = counters.get("last_instance_id")
    if type(last) is not int or not 0 <= last <= _HIGHEST_ID:
        yield f"last_instance_id is {last!r}"
        return
    yield from _misnamed(tables)
    instances = tables.get(_INSTANCES, {})
    for number, record in instances.items():
        for wrong in _record_problems(number, record, last, tables):
            yield f"instance {printable(number)}: {wrong}"
    ports = _repeated(record["port"] for record in instances.values())
    yield from (f"two instances have the port {port}" for port in ports)


def _misnamed(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for table, value_type in ((_SERVERS, Text(blank=True)), (_ACCOUNTS, ACCOUNT_NAME)):
        rows = tables.get(table, {})
        for number, row in rows.items():
            name = row.get("name") if isinstance(row, dict) else None
            if not (number.isdecimal() and value_type.is_valid(name)):
                yield f"{table}: {printable(number)} has no proper name"
                return
            if not Integer(1).is_valid(row.get("memory", 1)):
                yield f"{table}: the memory of {name} is {row['memory']!r}"
        names = _repeated(row["name"] for row in rows.values())
        yield from (f"{table}: two are called {name}" for name in names)


def _record_problems(number: str, record: object, last: int, tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with one record; only the first of it may be relied upon."""
    if not isinstance(record, dict):
        yield "it is not an object"
        return
    yield from record_problems(record)
    if "boot" not in record:
        yield "boot is missing"
    if not is_boot(record["status"], record["boot"]):
        yield f"boot is {record['boot']!r} while its status is {record['status']}"
    if str(record["id"]) != number or not 0 < record["id"] <= last:
        yield f"its id is {record['id']}, and the last one given is {last}"
    for table, name in ((_SERVERS, "server_id"), (_ACCOUNTS, "user_id")):
        if str(record[name]) not in tables.get(table, {}):
            yield f"its {name} is {record[name]}, and {table} has none of that number"


def _repeated(values: Iterable[Any]) -> Iterator[Any]:
    return (value for value, count in Counter(values).items() if count > 1)
