"""The store of instances, servers and accounts. It copies what it is given, and gives copies."""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING, Any

from rtgmock.errors import InternalError, StartupError, cut
from rtgmock.storage.checks import change_problems, table_problems
from rtgmock.storage.database import Database
from rtgmock.storage.state import State, copy_record, server_of, servers_in
from rtgmock.storage.tables import ACCOUNTS, ENGINE, FORMAT, HEAD, INSTANCES, LEFTOVERS, SERVERS
from rtgmock.storage.transaction import Transaction
from rtgmock.storage.transactional import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from rtgmock.model.types import Record
    from rtgmock.storage.changes import Changes
    from rtgmock.storage.indexed_tables import IndexedTables
    from rtgmock.storage.state import Server
    from rtgmock.storage.transactional import TransactionalStorage


_PORTS_AT_ONCE = 16
"""How many unused ports are looked up at a time: the first is the one to take, but for what others listen on."""


class Store:
    """The state of one emulator.

    Any thread may read at any time, and never waits for a disk: each method sees the state of the last commit, but
    for those that look for room. All changes are made in a ``transaction``; there is one at a time. No other lock may
    be taken inside one.
    """

    def __init__(self, storage: TransactionalStorage) -> None:
        self._storage = storage
        # TinyDB calls what it is given to make its storage; this one exists already, opened and locked.
        self._database = Database(storage=lambda: storage)

    @classmethod
    def open(cls, path: Path | None, state_id: str, accounts: Iterable[str] = ()) -> Store:
        """Open a state file, or an empty state in memory for None.

        A new state gets the id ``state_id`` and the accounts, in one commit: each waits for the disk. Raises
        StartupError for a file that is in use, unreadable, of a newer format or not valid.
        """
        store = cls(_storage(path))
        try:
            store._prepare(state_id, accounts)
        except BaseException:
            store._storage.abandon()
            raise
        return store

    def _prepare(self, state_id: str, accounts: Iterable[str]) -> None:
        """Check the tables of an existing file, and write what a new or an old one lacks."""
        tables = self._storage.read()
        if not tables:
            with self.transaction() as change:
                head = {"format": FORMAT, "state_id": state_id, "last_instance_id": 0}
                self._database.named(HEAD).put(1, head)
                change.add_accounts(accounts)
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
        self._storage.fold()  # what an emulator that died has left in the journal

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit all changes of the block at its end, in memory and on disk, or none when an error leaves it.

        Waits for another transaction to end, and at the end of the block until the changes are on disk. Raises
        InternalError when they cannot be stored, or when the check of the file at the next start would refuse them.
        """
        with self._storage.transaction() as changes:
            yield Transaction(self._storage, self._database)
            if problem := self._storage.view(lambda state: _problem(state, changes)):
                raise InternalError.not_stored(f"the state cannot be stored ({cut(problem)})")

    def _rows(self, table: str) -> dict[str, Any]:
        return self._storage.view(lambda state: dict(state.rows(table)))

    @property
    def state_id(self) -> str:
        """The id by which this state's containers are told from another's; it stays the same for the file's life."""
        return str(self._rows(HEAD)["1"]["state_id"])

    def instance(self, instance_id: int, account: str | None = None) -> Record | None:
        """Return the instance of that id; None when there is none, or when it is not the given account's."""

        def find(state: IndexedTables) -> Record | None:  # in one view: instance and account are of one commit
            user_id = state.ids_by_name(ACCOUNTS).get(
                account or ""
            )  # for a missing one too: its time must not tell which it is
            record = state.rows(INSTANCES).get(str(instance_id))
            if record is None or (account is not None and record["user_id"] != user_id):
                return None
            return copy_record(record)

        return self._storage.view(find)

    def instances(self, account: str | None = None) -> list[Record]:
        """Return the instances of one account, or of all, in the order in which they were created.

        The time that this takes for one account does not depend on the instances of others.
        """
        return [copy_record(record) for record in self._storage.view(lambda state: [*_instances_in(state, account)])]

    def instance_count(self, account: str | None = None) -> int:
        """Return the number of one account's instances, or of all; likewise."""
        return self._storage.view(lambda state: len(_instances_in(state, account)))

    def boots(self, account: str | None = None) -> bool:
        """Return whether an instance of one account, or of any, boots: reads of it are counted and stored; likewise."""

        def find(state: IndexedTables) -> bool:
            booting = state.index.booting
            return bool(booting) if account is None else state.ids_by_name(ACCOUNTS).get(account) in booting

        return self._storage.view(find)

    def servers(self) -> dict[int, Server]:
        """Return the servers by id."""
        return self._storage.view(lambda state: servers_in(state.tables))

    def server_names(self, ids: Iterable[int]) -> dict[int, str]:
        """Return the names by id of those servers that there are."""

        def find(state: IndexedTables) -> dict[int, str]:
            rows = state.rows(SERVERS)
            return {number: rows[str(number)]["name"] for number in ids if str(number) in rows}

        return self._storage.view(find)

    def accounts(self) -> dict[str, int]:
        """Return the accounts' ids by name."""
        return {row["name"]: int(number) for number, row in self._rows(ACCOUNTS).items()}

    def is_port_taken(self, port: int) -> bool:
        """Return whether an instance has the port, or gets it by a change that is about to be stored."""
        return self._storage.latest(lambda state: port in state.index.ports)

    def unused_ports(self, ports: range) -> Iterator[int]:
        """Give the ports of a range that no instance has, from the lowest. Others may take them meanwhile."""
        last = -1
        while some := self._some_unused_ports(ports, last):
            yield from some
            last = some[-1]

    def _some_unused_ports(self, ports: range, after: int) -> list[int]:
        return self._storage.latest(lambda state: list(islice(state.index.unused_ports(ports, after), _PORTS_AT_ONCE)))

    def memory_by_server(self, ids: Iterable[int]) -> dict[int, int]:
        """Return the bytes that servers' instances have together, those included that are about to be stored."""
        return self._storage.latest(lambda state: {number: state.index.memory[number] for number in ids})

    def own_servers(self, user_id: int, exclude: Container[int]) -> dict[int, Server]:
        """Return the servers on which an account is alone, and the first empty one, likewise."""

        def find(state: IndexedTables) -> dict[int, Server]:
            rows, owners = state.rows(SERVERS), state.index.owners
            found = {record["server_id"] for record in state.index.of_account(user_id)}
            found = {number for number in found if len(owners[number]) == 1}
            if len(owners) < len(rows):
                empty = (number for number in map(int, rows) if number not in owners and number not in exclude)
                found |= {*islice(empty, 1)}
            return {number: server_of(rows[str(number)]) for number in found if number not in exclude}

        return self._storage.latest(find)

    def server_ids(self) -> Mapping[str, int]:
        """Return the servers' ids by name, to be looked at inside of a transaction."""
        return self._storage.latest(lambda state: state.ids_by_name(SERVERS))

    @property
    def last_instance_id(self) -> int:
        """The highest id that an instance was ever given; 0 when there was none."""
        return int(self._rows(HEAD)["1"]["last_instance_id"])

    def leftovers(self) -> dict[str, set[int] | None]:
        """Return, for each engine that has run on this state, the ids whose Redis or data it still has to destroy.

        None means all that the engine has. Until that is destroyed, it starts no Redis for these ids.
        """
        noted = self._rows(HEAD)["1"].get(LEFTOVERS, {})
        return {engine: None if ids is None else set(ids) for engine, ids in noted.items()}

    def last_engine(self) -> str:
        """Return the engine that has the data of the instances: the one that ran last; empty if there is none."""
        head = self._rows(HEAD)["1"]
        engines = list(head.get(LEFTOVERS, {}))  # older versions note no more than these
        return str(head.get(ENGINE, engines[0] if len(engines) == 1 else ""))

    def state(self) -> State:
        """Return the whole state as of one commit."""
        tables = self._storage.read()
        return State(
            tuple(copy_record(record) for record in tables.get(INSTANCES, {}).values()),
            servers_in(tables),
            {int(number): row["name"] for number, row in tables.get(ACCOUNTS, {}).items()},
            int(tables[HEAD]["1"]["last_instance_id"]),
        )

    def close(self) -> None:
        """Close the file once the open transaction has ended, so that another emulator can open it."""
        self._database.close()


def _instances_in(state: IndexedTables, account: str | None) -> Collection[Record]:
    if account is None:
        return state.rows(INSTANCES).values()
    user_id = state.ids_by_name(ACCOUNTS).get(account)
    return () if user_id is None else state.index.of_account(user_id)


def _problem(state: IndexedTables, changes: Changes) -> str:
    """Return what is wrong with a state after the changes of a transaction; empty when nothing is."""
    if changes.whole:
        return next(table_problems(state.tables), "")
    if not changes:
        return ""
    names = {table: len(state.ids_by_name(table)) for table in (SERVERS, ACCOUNTS)}
    return next(change_problems(state.tables, changes.documents, state.index.ports, names), "")


def _storage(path: Path | None) -> TransactionalStorage:
    if path is None:
        return MemoryStorage()
    from rtgmock.storage.file import FileStorage  # noqa: PLC0415 - filelock, which is slow to import

    return FileStorage(path)
