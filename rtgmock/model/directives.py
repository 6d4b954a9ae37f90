"""What attributes are in redis.conf: the directives that the table of attributes names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.model.types import Record, Value

OWN_CONNECTIONS = 1
"""The connection to its Redis that the emulator keeps, in addition to those that the plan allows."""


@dataclass(frozen=True)
class Directive:
    """A directive of redis.conf and the function that gives its text for a record; None leaves the directive out.

    A change is applied by ``CONFIG SET``, or, with ``restart``, by a restart that keeps the data. With
    ``replaces_data`` it cannot be taken back, so it is applied only once the record is stored.
    """

    name: str
    write: Callable[[Record], str | None]
    restart: bool = False
    replaces_data: bool = False


def directive(name: str, attribute: str) -> Directive:
    """Return the directive ``name`` whose text is the value of one attribute."""
    return Directive(name, lambda record: _text(record[attribute]))


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _save(record: Record) -> str:
    # An instance persists by snapshots or by an append-only file, never by both (recorded, blog), so an instance
    # with another persistence has no save points, even if it has ``snapshots``.
    return " ".join(record["snapshots"]) if record["persistence"] == "snapshot" else ""


def _replicaof(record: Record) -> str:
    return f"{record['master_host']} {record['master_port']}" if record["slave"] else "no one"


def _slowlog(record: Record) -> str:
    # Redis has no directive to switch its slow log off: -1 as the threshold does it.
    return str(record["slowlog_log_slower_than"]) if record["slowlog_enabled"] else "-1"


APPENDONLY = Directive("appendonly", lambda record: _text(record["persistence"] == "aof"))
DATABASES = Directive("databases", lambda record: str(record["databases"]), restart=True)
MAXCLIENTS = Directive("maxclients", lambda record: str(record["connections"] + OWN_CONNECTIONS))
REPLICAOF = Directive("replicaof", _replicaof, replaces_data=True)
SAVE = Directive("save", _save)
SLOWLOG = Directive("slowlog-log-slower-than", _slowlog)
