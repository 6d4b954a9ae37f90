"""The records of instances: a new one, one after an upgrade, and the check of a stored one."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from rtgmock.model.attributes import ASSIGNED, STORED, STORED_NAMES, Assigned, Attribute, FromApi, FromPlan
from rtgmock.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.model.plans import Plan
    from rtgmock.model.types import Record, Value

_values = itemgetter(*STORED_NAMES)
"""Returns the values of a record, in the order of the table. Raises KeyError with the name of one that is missing."""


def new_instance(plan: Plan, api: int, assigned: Mapping[str, Value]) -> Record:
    """Return the record of a new instance: the table's defaults and the values that the service assigns.

    It has the attributes of every version of the API, so that an emulator of another version can serve it.
    Raises ValueError when ``assigned`` does not have exactly the names that the table marks as ``Assigned``.
    """
    expected = {attribute.name for attribute in ASSIGNED}
    if assigned.keys() != expected:
        raise ValueError(f"assigned are {sorted(assigned)}, but the table of attributes wants {sorted(expected)}")
    return {attribute.name: _value(attribute, plan, api, assigned) for attribute in STORED} | {"boot": None}


def _value(attribute: Attribute, plan: Plan, api: int, assigned: Mapping[str, Value]) -> Value:
    match attribute.default:
        case Assigned():
            return assigned[attribute.name]
        case FromPlan(value):
            return value(plan)
        case FromApi(values):
            return values[api]
        case list(entries):
            return list(entries)  # a copy, since a record's list may be changed
        case constant:
            return constant


def default_label(server: str, port: int) -> str:
    """Return the label of an instance that its client gave none, as ``ray-9001`` (documented, recorded)."""
    return f"{server}-{port}"


def moved(record: Record, before: str, server: str, port: int) -> Record:
    """Return a record on another server or port, by the servers' names; a label that was assigned follows."""
    is_default = record["label"] == default_label(before, record["port"])
    return record | {"port": port} | ({"label": default_label(server, port)} if is_default else {})


def follow_plan(plan: Plan) -> Record:
    """Return what an upgrade to ``plan`` changes, the plan itself included."""
    return {
        attribute.name: attribute.default.value(plan)
        for attribute in STORED
        if isinstance(attribute.default, FromPlan) and attribute.default.follows_upgrade
    }


def record_problems(record: Record) -> list[str]:
    """Return what is wrong with a stored record, in the words of an error message; empty when nothing is."""
    try:
        values = _values(record)
    except KeyError as error:
        return [f"{error.args[0]} is missing"]
    return [
        # A secret's value must not get into the terminal or a log.
        f"{attribute.name} is {'invalid' if attribute.secret else quoted(value)}"
        for attribute, value in zip(STORED, values, strict=True)
        if not attribute.is_valid(value)
    ]
