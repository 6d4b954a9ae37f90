"""The checks of a state: what makes a file unusable, and a document unfit to become the state."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from rtgmock.model.instances import record_problems
from rtgmock.model.lifecycle import is_boot
from rtgmock.model.types import ACCOUNT_NAME, Integer, Text
from rtgmock.storage.tables import ACCOUNTS, FORMAT, HEAD, INSTANCES, SERVERS
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from rtgmock.model.types import Record

    Rows = Mapping[str, Any]
    """The documents of a table by id, as they were read: nothing is known of them yet."""

_MAX_ID = 10**15
_SERVER_NAME = Text(blank=True)
_REFERENCES = {SERVERS: "server_id", ACCOUNTS: "user_id"}
"""The attributes that have ids of another table."""


def table_problems(tables: Mapping[str, Rows]) -> Iterator[str]:
    """Give what is wrong with the tables of a state, in the words of an error message; nothing when they are valid."""
    head: Any = tables.get(HEAD, {}).get("1")
    if problem := _head_problem(head):
        yield problem
        return
    yield from _name_problems(SERVERS, tables.get(SERVERS, {}), _SERVER_NAME)
    yield from account_problems(tables.get(ACCOUNTS, {}))
    ports: Counter[int] = Counter()
    known = {table: {int(number) for number in tables.get(table, {}) if number.isdecimal()} for table in _REFERENCES}
    for number, record in tables.get(INSTANCES, {}).items():
        for problem in _instance_problems(number, record, head["last_instance_id"], known):
            yield f"instance {printable(number)}: {problem}"
        if isinstance(record, dict) and isinstance(port := record.get("port"), int):
            ports[port] += 1
    yield from (f"two instances have the port {port}" for port, count in ports.items() if count > 1)


def account_problems(rows: Rows) -> Iterator[str]:
    """Give what is wrong with the table of the accounts."""
    return _name_problems(ACCOUNTS, rows, ACCOUNT_NAME)


def _head_problem(head: Any) -> str:
    """Return what is wrong with the head, empty when nothing is; no other table is looked at unless that is so."""
    if not isinstance(head, dict) or type(head.get("format")) is not int:
        return "it was not written by rtgmock"
    if head["format"] < 1:
        return f"its format is version {head['format']}"
    if head["format"] > FORMAT:
        return f"a newer rtgmock wrote it, in version {head['format']} of its format; this one knows {FORMAT}"
    # Files of the first versions have no state_id; they get one when they are opened.
    if not re.fullmatch(r"[0-9a-f]{4,32}", str(head.get("state_id", "0000"))):
        return f"state_id is {head['state_id']!r}"
    last = head.get("last_instance_id")
    if type(last) is not int or not 0 <= last <= _MAX_ID:
        return f"last_instance_id is {last!r}"
    return ""


def _name_problems(table: str, rows: Rows, name_type: Text) -> Iterator[str]:
    """Give what is wrong with a table of named things: servers or accounts."""
    for number, row in rows.items():
        name = row.get("name") if isinstance(row, dict) else None
        if not (number.isdecimal() and name_type.is_valid(name)):
            yield f"{table}: {printable(number)} has no proper name"
            return
        if not Integer(1).is_valid(row.get("memory", 1)):
            yield f"{table}: the memory of {name} is {row['memory']!r}"
    names = Counter(row["name"] for row in rows.values())
    yield from (f"{table}: two are called {name}" for name, count in names.items() if count > 1)


def _instance_problems(number: str, record: object, last: int, known: Mapping[str, Container[int]]) -> Iterator[str]:
    """Give what is wrong with one record: with its values or, when they are valid, with what they refer to."""
    if not isinstance(record, dict):
        yield "it is not an object"
        return
    if problems := record_problems(record):
        yield from problems
        return
    yield from boot_problems(record)
    if str(record["id"]) != number or not 0 < record["id"] <= last:
        yield f"its id is {record['id']}, and the last one given is {last}"
    yield from reference_problems(record, known)


def boot_problems(record: Record) -> Iterator[str]:
    """Give what is wrong with the boot of a record whose attributes are valid."""
    if "boot" not in record:
        yield "boot is missing"
    elif not is_boot(record["status"], record["boot"]):
        yield f"boot is {record['boot']!r} while its status is {record['status']}"


def reference_problems(record: Record, known: Mapping[str, Container[int]]) -> Iterator[str]:
    """Give the ids in a record that are not among the known ones of their table."""
    for table, name in _REFERENCES.items():
        if record[name] not in known[table]:
            yield f"its {name} is {record[name]}, and {table} has none of that number"
