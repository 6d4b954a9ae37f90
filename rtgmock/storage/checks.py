"""The checks of a state: what makes a file unusable, and a document unfit to become the state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from itertools import islice
from typing import TYPE_CHECKING, Any

from rtgmock.model.attributes import STORED_NAMES
from rtgmock.model.columns import are_records_valid
from rtgmock.model.instances import record_problems
from rtgmock.model.lifecycle import is_boot
from rtgmock.model.types import ACCOUNT_NAME, Integer, Text
from rtgmock.storage.tables import ACCOUNTS, ENGINE, FORMAT, HEAD, INSTANCES, LEFTOVERS, SERVERS
from rtgmock.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rtgmock.model.types import Record

    Rows = Mapping[str, Any]
    """The documents of a table by id, as they were read: nothing is known of them yet."""

_MAX_ID = 10**15
_NAMED = {SERVERS: Text(blank=True), ACCOUNTS: ACCOUNT_NAME}
"""The tables of named things, with the type of the names."""
_REFERENCES = {SERVERS: "server_id", ACCOUNTS: "user_id"}
"""The attributes that have ids of another table."""
_MAX_DEPTH = 200
"""Lists and objects that may be inside one another in a document. JSON is read that could not be written again: orjson
writes some 250, and the journal has more of them around a document than the file."""


_BLOCK = 256
"""Instances that are checked together at a start."""
_USUAL_LENGTH = len(STORED_NAMES) + 1
"""The length of a record: its attributes and its boot. What is not known here is kept."""


class _Ids(Container[int]):
    """The ids in a table."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __contains__(self, number: object) -> bool:
        return str(number) in self._rows


def table_problems(tables: Mapping[str, Rows]) -> Iterator[str]:
    """Give what is wrong with the tables of a state, in the words of an error message; nothing when they are valid."""
    head: Any = tables.get(HEAD, {}).get("1")
    if problem := _head_problem(head):
        yield problem
        return
    if any(_is_too_deep(row) for table, rows in tables.items() if table != INSTANCES for row in rows.values()):
        yield "it is nested too deeply"
    for table, name_type in _NAMED.items():
        yield from _name_problems(table, tables.get(table, {}), name_type)
        yield from _equal_names(table, tables.get(table, {}))
    instances = tables.get(INSTANCES, {})
    for block in _blocks(instances):
        if not _are_valid(block, tables):
            for number, record in block.items():
                yield from _record_problems(number, record, tables)
    yield from (f"two instances have the port {port}" for port, count in _ports(instances).items() if count > 1)


def _ports(instances: Rows) -> Counter[int]:
    """Return how many instances have each port."""
    ports = (record.get("port") for record in instances.values() if isinstance(record, dict))
    return Counter([port for port in ports if isinstance(port, int)])


def change_problems(
    tables: Mapping[str, Rows], changed: Mapping[str, Rows], ports: Mapping[int, int], names: Mapping[str, int]
) -> Iterator[str]:
    """Give what is wrong with the tables of a state that was valid before ``changed`` was put or removed in it.

    These are the rules of ``table_problems``; only what has changed is looked at. ``ports`` says how many instances
    have each port, ``names`` how many different names each table of named things has. Servers and accounts are not
    removed.
    """
    head: Any = tables.get(HEAD, {}).get("1")
    if HEAD in changed and (problem := _head_problem(head)):
        yield problem
        return
    for table, name_type in _NAMED.items():
        if table in changed:
            yield from _name_problems(table, changed[table], name_type)
            if names[table] < len(tables[table]):
                yield from _equal_names(table, tables[table])
    for number, record in changed.get(INSTANCES, {}).items():
        if record is not None:
            yield from _record_problems(number, record, tables)
            if ports.get(record["port"], 0) > 1:
                yield f"two instances have the port {record['port']}"


def _is_id(text: str) -> bool:
    """Return whether a key is an id, as the ids in records refer to it: without a sign, a zero before it, or spaces."""
    return re.fullmatch(r"[1-9][0-9]{0,15}", text) is not None and int(text) <= _MAX_ID


def _head_problem(head: Any) -> str:
    """Return what is wrong with the head, empty when nothing is; no other table is looked at unless that is so."""
    if not isinstance(head, dict) or type(head.get("format")) is not int:
        return "it was not written by rtgmock"
    if head["format"] < 1:
        return f"its format is version {head['format']}"
    if head["format"] > FORMAT:
        return f"a newer rtgmock wrote it, in version {head['format']} of its format; this one knows {FORMAT}"
    # Files of the first versions have no state_id; they get one when they are opened.
    state_id = head.get("state_id", "0000")
    if not (isinstance(state_id, str) and re.fullmatch(r"[0-9a-f]{4,32}", state_id)):
        return f"state_id is {quoted(state_id)}"
    last = head.get("last_instance_id")
    if type(last) is not int or not 0 <= last <= _MAX_ID:
        return f"last_instance_id is {quoted(last)}"
    return _engine_problem(head.get(ENGINE, "")) or _leftovers_problem(head.get(LEFTOVERS, {}))


def _engine_problem(name: Any) -> str:
    return "" if isinstance(name, str) else f"{ENGINE} is {quoted(name)}"


def _leftovers_problem(by_engine: Any) -> str:
    if isinstance(by_engine, dict) and all(ids is None or _are_ids(ids) for ids in by_engine.values()):
        return ""
    return f"{LEFTOVERS} is {quoted(by_engine)}"


def _are_ids(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(Integer(1, _MAX_ID).is_valid(number) for number in numbers)


def _name_problems(table: str, rows: Rows, name_type: Text) -> Iterator[str]:
    """Give what is wrong with a table of named things: servers or accounts."""
    for number, row in rows.items():
        name = row.get("name") if isinstance(row, dict) else None
        if not name_type.is_valid(name):
            yield f"{table}: {printable(number)} has no proper name"
            return
        if not _is_id(number):
            yield f"{table}: {printable(number)} is no number from 1 to {_MAX_ID}"
            return
        if not Integer(1).is_valid(row.get("memory", 1)):
            yield f"{table}: the memory of {name} is {quoted(row['memory'])}"


def _equal_names(table: str, rows: Rows) -> Iterator[str]:
    names = Counter(row["name"] for row in rows.values())
    yield from (f"{table}: two are called {name}" for name, count in names.items() if count > 1)


def _blocks(instances: Rows) -> Iterator[dict[str, Any]]:
    """Give the instances in blocks that are checked together."""
    rows = iter(instances.items())
    while block := dict(islice(rows, _BLOCK)):
        yield block


def _are_valid(block: Rows, tables: Mapping[str, Rows]) -> bool:
    """Return whether ``_record_problems`` finds nothing in any of some instances: a third of the time is enough."""
    records = block.values()
    if {*map(type, records)} != {dict} or not are_records_valid(records):
        return False
    ids = [record["id"] for record in records]
    if [*map(str, ids)] != [*block] or min(ids) <= 0 or max(ids) > tables[HEAD]["1"]["last_instance_id"]:
        return False
    for table, name in _REFERENCES.items():
        if not {*map(str, {record[name] for record in records})} <= tables.get(table, {}).keys():
            return False
    unusual = [record for record in records if len(record) != _USUAL_LENGTH or record.get("boot", "") is not None]
    return not any(problem for record in unusual for problem in _other_problems(record))


def _record_problems(number: str, record: object, tables: Mapping[str, Rows]) -> Iterator[str]:
    """Give what is wrong with one instance of tables whose head is valid."""
    for problem in _instance_problems(number, record, tables):
        yield f"instance {printable(number)}: {problem}"


def _instance_problems(number: str, record: object, tables: Mapping[str, Rows]) -> Iterator[str]:
    """Give what is wrong with one record: with its values or, when they are valid, with what they refer to."""
    if not isinstance(record, dict):
        yield "it is not an object"
        return
    if problems := record_problems(record):
        yield from problems
        return
    yield from _other_problems(record)
    last = tables[HEAD]["1"]["last_instance_id"]
    if str(record["id"]) != number or not 0 < record["id"] <= last:
        yield f"its id is {record['id']}, and the last one given is {last}"
    yield from reference_problems(record, {table: _Ids(tables.get(table, {})) for table in _REFERENCES})


def _other_problems(record: Record) -> Iterator[str]:
    """Give what is wrong with that part of a record that is none of the attributes, which are valid."""
    yield from boot_problems(record)
    # Attributes and boot are not nested: only what is not known here can be.
    if len(record) > _USUAL_LENGTH and _is_too_deep(record):
        yield "it is nested too deeply"


def _is_too_deep(value: object) -> bool:
    """Return whether a value of JSON could not be written again."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inner(outer)]
        if not level:
            return False
    return True


def _inner(outer: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return outer.values() if isinstance(outer, dict) else outer


def boot_problems(record: Record) -> Iterator[str]:
    """Give what is wrong with the boot of a record whose attributes are valid."""
    if "boot" not in record:
        yield "boot is missing"
    elif not is_boot(record["status"], record["boot"]):
        yield f"boot is {quoted(record['boot'])} while its status is {record['status']}"


def reference_problems(record: Record, known: Mapping[str, Container[int]]) -> Iterator[str]:
    """Give the ids in a record that are not among the known ones of their table."""
    for table, name in _REFERENCES.items():
        if record[name] not in known[table]:
            yield f"its {name} is {record[name]}, and {table} has none of that number"
