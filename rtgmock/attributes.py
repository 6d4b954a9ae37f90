"""The table of an instance's attributes: one row each, and the only place that lists their names.

Payloads, parsing, validation, the state file's check and the documentation read it. A new attribute is a new
row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from rtgmock.kinds import (
    INT_MAX,
    LONG_MAX,
    Boolean,
    Choice,
    Datetime,
    Integer,
    Kind,
    PortText,
    SavePoints,
    Text,
    Unfit,
    Value,
)
from rtgmock.lifecycle import Status
from rtgmock.plans import PLANS, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

Record = dict[str, Any]
"""An instance as it is stored: the attributes that are not derived, by name, and its boot (``lifecycle``)."""


class Role(Enum):
    """Who gives an attribute its value."""

    PLAN = "the client; a change is an upgrade"
    SETTING = "the client"
    FIXED = "the service; what a client sends is ignored"
    DERIVED = "the service, from where the client stands; not stored"


class Payload(StrEnum):
    """The four payloads that the documentation shows, each with an order of its own."""

    LIST_JSON = "list_json"
    LIST_XML = "list_xml"
    SHOW_JSON = "show_json"
    SHOW_XML = "show_xml"


class Places(NamedTuple):
    """Where an attribute stands in each payload, counted from 1; None where it isn't shown."""

    list_json: int | None
    list_xml: int | None
    show_json: int | None
    show_xml: int | None


@dataclass(frozen=True)
class FromPlan:
    """A default that depends on the plan. With ``follows``, an upgrade changes it as well."""

    read: Callable[[Plan], Value]
    follows: bool = False


@dataclass(frozen=True, eq=False)
class Attribute:
    """A row of the table.

    ``default`` is what a new instance has; rows without one get theirs when the instance is made. ``places``
    are the documentation's orders. ``secret`` values stay out of logs. ``source`` tells what the values rest
    on: D the documentation, R a recorded response, B the service's blog, ours.
    """

    name: str
    kind: Kind
    role: Role
    default: Value | FromPlan
    places: Places
    source: str
    nullable: bool = False
    secret: bool = False

    @property
    def label(self) -> str:
        """The name as Rails humanizes it at the head of an error message: ``Master host``."""
        return self.name.replace("_", " ").capitalize()

    def read(self, raw: object) -> Value:
        """The value that a client means by ``raw``. Raises Unfit, with the end of a sentence."""
        if raw is not None:
            return self.kind.read(raw)
        if not self.nullable:
            raise Unfit("can't be blank")
        return None

    def holds(self, value: object) -> bool:
        """Whether a stored record may have this value."""
        return (value is None and self.nullable) or self.kind.holds(value)

    def same(self, raw: object, value: Value) -> bool:
        """Whether ``raw``, as a client sent it, means ``value``."""
        try:
            return self.read(raw) == value
        except Unfit:
            return False


_ANY = Text(blank=True)
_COUNT = Integer(0, LONG_MAX)
_MOMENT = Datetime()
_PLAN, _SETTING, _FIXED, _DERIVED = Role.PLAN, Role.SETTING, Role.FIXED, Role.DERIVED
_STATUS = Choice(tuple(Status))
_PERSISTENCE = Choice(("aof", "snapshot", "none"))
_FSYNC = Choice(("always", "everysec", "no"))
_SAVE_POINTS = ["900 1", "300 10", "60 10000"]
_MEMORY = FromPlan(lambda plan: plan.memory, follows=True)
_CONNECTIONS = FromPlan(lambda plan: plan.connections, follows=True)
_VM_MEMORY = FromPlan(lambda plan: plan.vm_max_memory, follows=True)
_KEEPING = FromPlan(lambda plan: plan.persistence)


def _row(
    name: str,
    kind: Kind,
    role: Role,
    default: Value | FromPlan,
    places: tuple[int | None, int | None, int | None, int | None],
    source: str,
    *marks: str,
) -> Attribute:
    return Attribute(
        name, kind, role, default, Places(*places), source, nullable="null" in marks, secret="secret" in marks
    )


# The upper bounds of numbers are Redis's own, but for databases: Redis allocates every one of them at start.
# fmt: off
ATTRIBUTES = (
    #                                                                         list        show
    #    name                         kind                 role      default            json xml  json xml   source
    _row("label",                     Text(),              _SETTING, None,              (4, 1, 5, 1),          "D, R"),
    _row("last_bgrewriteaof_at",      _MOMENT,             _FIXED,   None,              (3, 2, 4, 2),          "D", "null"),
    _row("persistence",               _PERSISTENCE,        _SETTING, _KEEPING,          (2, 3, 3, 3),          "R, B"),
    _row("plan",                      Choice(tuple(PLANS)), _PLAN,   None,              (1, 4, 2, 4),          "D, B"),
    _row("vm_size",                   Integer(),           _FIXED,   0,                 (None, None, 1, 5),    "D"),
    _row("created_at",                _MOMENT,             _FIXED,   None,              (5, 5, 6, 6),          "D"),
    _row("master_password",           _ANY,                _SETTING, None,              (6, 6, 8, 7),          "D", "null", "secret"),
    _row("vm_page_size",              Integer(),           _FIXED,   32,                (None, None, 7, 8),    "D"),
    _row("memory",                    Integer(),           _FIXED,   _MEMORY,           (11, 7, 14, 9),        "D, R, B"),
    _row("port",                      Integer(1, 65535),   _FIXED,   None,              (10, 8, 13, 10),       "D, ours"),
    _row("server_id",                 Integer(),           _FIXED,   None,              (None, None, 12, 11),  "D, R, ours"),
    _row("slave",                     Boolean(),           _SETTING, False,             (9, 9, 11, 12),        "D"),
    _row("timeout",                   Integer(0, INT_MAX), _SETTING, 150,               (8, 10, 10, 13),       "D"),
    _row("updated_at",                _MOMENT,             _FIXED,   None,              (7, 11, 9, 14),        "D"),
    _row("databases",                 Integer(1, 10000),   _SETTING, 1,                 (13, 12, 16, 15),      "D"),
    _row("memory_limit_notification", Boolean(),           _SETTING, False,             (12, 13, 15, 16),      "D"),
    _row("hash_max_zipmap_value",     _COUNT,              _SETTING, 512,               (15, 14, 18, 17),      "D"),
    _row("id",                        Integer(),           _FIXED,   None,              (14, 15, 17, 18),      "D, ours"),
    _row("hash_max_zipmap_entries",   _COUNT,              _SETTING, 64,                (18, 16, 23, 19),      "D"),
    _row("snapshots",                 SavePoints(),        _SETTING, _SAVE_POINTS,      (17, 17, 22, 20),      "D"),
    _row("user_id",                   Integer(),           _FIXED,   None,              (None, None, 21, 21),  "D, ours"),
    _row("version",                   Text(),              _FIXED,   "v2.0.4-stable",   (16, 18, 20, 22),      "D"),
    _row("vm_max_memory",             Integer(),           _FIXED,   _VM_MEMORY,        (None, None, 19, 23),  "D, R"),
    _row("activerehashing",           Boolean(),           _SETTING, True,              (21, 19, 27, 24),      "D"),
    _row("appendfsync",               _FSYNC,              _SETTING, "everysec",        (20, 20, 26, 25),      "D"),
    _row("master_host",               _ANY,                _SETTING, None,              (19, 21, 25, 26),      "D", "null"),
    _row("vm_enabled",                Boolean(),           _FIXED,   False,             (None, None, 24, 27),  "D"),
    _row("connections",               Integer(),           _FIXED,   _CONNECTIONS,      (26, 25, 28, 28),      "D, R, B"),
    _row("last_backup_at",            _MOMENT,             _FIXED,   None,              (24, 22, 31, 29),      "D", "null"),
    _row("password",                  Text(),              _SETTING, None,              (23, 23, 30, 30),      "D, R", "secret"),
    _row("status",                    _STATUS,             _FIXED,   None,              (22, 24, 29, 31),      "D, R, ours"),
    _row("master_port",               PortText(),          _SETTING, None,              (25, 26, 33, 32),      "D", "null"),
    _row("vm_max_threads",            Integer(),           _FIXED,   4,                 (None, None, 32, 33),  "D"),
    _row("url",                       _ANY,                _DERIVED, None,              (None, None, 34, 34),  "D, ours", "secret"),
    _row("hostname",                  _ANY,                _DERIVED, None,              (None, None, 35, 35),  "D, ours"),
)
# fmt: on

BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}
STORED = tuple(attribute for attribute in ATTRIBUTES if attribute.role is not Role.DERIVED)
CHANGEABLE = tuple(attribute for attribute in ATTRIBUTES if attribute.role in {Role.PLAN, Role.SETTING})
SECRETS = frozenset(attribute.name for attribute in ATTRIBUTES if attribute.secret)


def _layout(payload: Payload) -> tuple[Attribute, ...]:
    place = {attribute: cast("int | None", getattr(attribute.places, payload)) for attribute in ATTRIBUTES}
    return tuple(sorted((a for a in ATTRIBUTES if place[a]), key=lambda a: place[a] or 0))


LAYOUTS = {payload: _layout(payload) for payload in Payload}


def defaults(plan: Plan) -> Record:
    """What a new instance on ``plan`` has before anything is assigned to it."""
    return {
        attribute.name: _copy(
            attribute.default.read(plan) if isinstance(attribute.default, FromPlan) else attribute.default
        )
        for attribute in STORED
    } | {"plan": plan.name}


def follow_plan(plan: Plan) -> Record:
    """What an upgrade to ``plan`` changes, the plan itself included."""
    followed = {
        attribute.name: attribute.default.read(plan)
        for attribute in STORED
        if isinstance(attribute.default, FromPlan) and attribute.default.follows
    }
    return {"plan": plan.name, **followed}


def _copy(value: Value) -> Value:
    return list(value) if isinstance(value, list) else value


def faults(record: Record) -> list[str]:
    """What is wrong with a stored record, in the words of an error message; empty when nothing is."""
    missing = [attribute.name for attribute in STORED if attribute.name not in record]
    if missing:
        return [f"{missing[0]} is missing"]
    return [
        f"{attribute.name} is {'invalid' if attribute.secret else repr(record[attribute.name])}"
        for attribute in STORED
        if not attribute.holds(record[attribute.name])
    ]
