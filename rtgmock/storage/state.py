"""A whole state, apart from a store: what is in it, and how it is written in tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rtgmock.model.attributes import STORED
from rtgmock.model.types import SavePoints
from rtgmock.storage.checks import table_problems
from rtgmock.storage.tables import ACCOUNTS, FORMAT, HEAD, INSTANCES, SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtgmock.model.types import Record
    from rtgmock.storage.tables import Tables

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


def problems(state: State) -> Iterator[str]:
    """Give what makes a state unfit to be stored, in the words of an error message."""
    head = {"format": FORMAT, "last_instance_id": state.last_instance_id}
    return table_problems({HEAD: {"1": head}, **tables_of(state)})


def tables_of(state: State) -> Tables:
    """Return the tables of a state, without the head."""
    return {
        INSTANCES: {str(record["id"]): copy_record(record) for record in state.instances},
        SERVERS: {str(number): _server_row(server) for number, server in state.servers.items()},
        ACCOUNTS: {str(number): {"name": name} for number, name in state.accounts.items()},
    }


def _server_row(server: Server) -> dict[str, Any]:
    return {"name": server.name} | ({"memory": server.memory} if server.memory else {})


def servers_in(tables: Tables) -> dict[int, Server]:
    """Return the servers by id."""
    return {int(number): server_of(row) for number, row in tables.get(SERVERS, {}).items()}


def server_of(row: Mapping[str, Any]) -> Server:
    """Return the server that a row describes."""
    return Server(row["name"], row.get("memory"))


def copy_record(record: Record) -> Record:
    """Return a copy that has nothing in common with the record that could change."""
    # No value is nested deeper than a list of strings, so this is as good as a deep copy, and much faster.
    copied = record.copy()
    for name in _CONTAINERS:
        value = copied.get(name)
        if isinstance(value, list | dict):  # a state that is still to be checked may hold anything
            copied[name] = value.copy()
    return copied
