"""The table of an instance's attributes: one row each, and the only place that lists their names.

Payloads, parsing, validation, the state file's check and the documentation read it. A new attribute is a new
row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS, Plan
from rtgmock.model.types import (
    INT_MAX,
    LONG_MAX,
    Boolean,
    Choice,
    Datetime,
    Integer,
    InvalidValue,
    PortText,
    SavePoints,
    Text,
    Value,
    ValueType,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Record = dict[str, Any]
"""An instance as it is stored: the attributes that are not derived, by name, and its boot (``lifecycle``)."""


DOCUMENTED, RECORDED = APIS = (2010, 2012)
"""The versions of the API, by the years of their sources: the documentation and the recorded response."""


class Role(Enum):
    """Who gives an attribute its value."""

    PLAN = "the client; a change is an upgrade"
    SETTING = "the client"
    FIXED = "the service; what a client sends is ignored"
    DERIVED = "the service, from where the client stands; not stored"


class Payload(StrEnum):
    """The four payloads that the documentation shows, each with an order of its own, and the one of 2012."""

    LIST_JSON = "list_json"
    LIST_XML = "list_xml"
    SHOW_JSON = "show_json"
    SHOW_XML = "show_xml"
    EVERY_2012 = "every_2012"

    def at(self, api: int) -> Payload:
        """What stands for it in a version of the API: in 2012 one payload for them all."""
        return Payload.EVERY_2012 if api == RECORDED else self


class Positions(NamedTuple):
    """Where an attribute stands in each payload, counted from 1; None where it isn't shown."""

    list_json: int | None
    list_xml: int | None
    show_json: int | None
    show_xml: int | None
    every_2012: int | None


@dataclass(frozen=True)
class FromPlan:
    """A default that depends on the plan. With ``follows``, an upgrade changes it as well."""

    read: Callable[[Plan], Value]
    follows: bool = False


@dataclass(frozen=True)
class FromApi:
    """A default that depends on the version of the API."""

    values: Mapping[int, Value]


@dataclass(frozen=True)
class Directive:
    """What an attribute is in redis.conf: a directive, and what a record makes of it; None leaves it out.

    A change goes live by ``CONFIG SET``, or, with ``restart``, by a restart that keeps the data.
    """

    name: str
    write: Callable[[Record], str | None]
    restart: bool = False


@dataclass(frozen=True, eq=False)
class Attribute:
    """A row of the table.

    ``default`` is what a new instance has; rows without one get theirs when the instance is made. ``places``
    are the orders of the documentation and of the recorded response. ``redis`` is what the attribute is in
    redis.conf. ``secret`` values stay out of logs. ``source`` tells what the values rest on: D the documentation,
    R a recorded response, B the service's blog, ours.
    """

    name: str
    kind: ValueType
    role: Role
    default: Value | FromPlan | FromApi
    places: Positions
    source: str
    redis: tuple[Directive, ...] = ()
    nullable: bool = False
    secret: bool = False

    @property
    def label(self) -> str:
        """The name as Rails humanizes it at the head of an error message: ``Master host``."""
        return self.name.replace("_", " ").capitalize()

    @property
    def since(self) -> int:
        """The version of the API that knew it first."""
        return RECORDED if self.places.show_xml is None else DOCUMENTED

    def read(self, raw: object) -> Value:
        """The value that a client means by ``raw``. Raises InvalidValue, with the end of a sentence."""
        if raw is not None:
            return self.kind.read(raw)
        if not self.nullable:
            raise InvalidValue("can't be blank")
        return None

    def holds(self, value: object) -> bool:
        """Whether a stored record may have this value."""
        return (value is None and self.nullable) or self.kind.holds(value)

    def same(self, raw: object, value: Value) -> bool:
        """Whether ``raw``, as a client sent it, means ``value``."""
        try:
            return self.read(raw) == value
        except InvalidValue:
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
_VERSION = FromApi({DOCUMENTED: "v2.0.4-stable", RECORDED: "2.4.11"})
_LOG_LEVEL = Choice(("debug", "verbose", "notice", "warning"))
_POLICY = Choice(
    (
        "noeviction",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    )
)
_NEW = (None, None, None, None)


def _row(
    name: str,
    kind: ValueType,
    role: Role,
    default: Value | FromPlan | FromApi,
    places: tuple[int | None, int | None, int | None, int | None, int | None],
    source: str,
    *marks: str,
    redis: str | tuple[Directive, ...] = (),
) -> Attribute:
    directives = (Directive(redis, lambda record: _plain(record[name])),) if isinstance(redis, str) else redis
    nullable, secret = "null" in marks, "secret" in marks
    return Attribute(name, kind, role, default, Positions(*places), source, directives, nullable, secret)


def _plain(value: Value) -> str | None:
    """A value as redis.conf writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _save(record: Record) -> str:
    """Save points count for an instance that persists by snapshots (ours: R and B name one or the other)."""
    return " ".join(record["snapshots"]) if record["persistence"] == "snapshot" else ""


def _replicaof(record: Record) -> str:
    return f"{record['master_host']} {record['master_port']}" if record["slave"] else "no one"


def _slowlog(record: Record) -> str:
    """Redis has one directive for whether and for how slow: -1 logs nothing."""
    return str(record["slowlog_log_slower_than"]) if record["slowlog_enabled"] else "-1"


OWN_CONNECTIONS = 1
"""The connection to its Redis that the emulator keeps, beyond those that the plan allows."""

_APPENDONLY = Directive("appendonly", lambda record: _plain(record["persistence"] == "aof"))
_MAXCLIENTS = Directive("maxclients", lambda record: str(record["connections"] + OWN_CONNECTIONS))
_DATABASES = Directive("databases", lambda record: str(record["databases"]), restart=True)
_SAVE = Directive("save", _save)
_REPLICAOF = Directive("replicaof", _replicaof)
_SLOWLOG = Directive("slowlog-log-slower-than", _slowlog)


# The upper bounds of numbers are Redis's own, but for databases: Redis allocates every one of them at start.
# Words and bounds are those that every Redis from 6.2 to 8 takes, directives the names that all of them know.
# fmt: off
ATTRIBUTES = (
    #                                                                                    list        show     2012
    #    name                          kind                    role       default          json xml    json xml         source
    _row("label",                       Text(),                 _SETTING,  None,            (4, 1, 5, 1, 16),           "D, R"),
    _row("last_bgrewriteaof_at",        _MOMENT,                _FIXED,    None,            (3, 2, 4, 2, 18),           "D", "null"),
    _row("persistence",                 _PERSISTENCE,           _SETTING,  _KEEPING,        (2, 3, 3, 3, 31),           "R, B", redis=(_APPENDONLY, _SAVE)),
    _row("plan",                        Choice(tuple(PLANS)),   _PLAN,     None,            (1, 4, 2, 4, 32),           "D, B"),
    _row("vm_size",                     Integer(),              _FIXED,    0,               (None, None, 1, 5, 52),     "D"),
    _row("created_at",                  _MOMENT,                _FIXED,    None,            (5, 5, 6, 6, 7),            "D"),
    _row("master_password",             _ANY,                   _SETTING,  None,            (6, 6, 8, 7, 23),           "D", "null", "secret", redis="masterauth"),
    _row("vm_page_size",                Integer(),              _FIXED,    32,              (None, None, 7, 8, 51),     "D"),
    _row("memory",                      Integer(),              _FIXED,    _MEMORY,         (11, 7, 14, 9, 27),         "D, R, B", redis="maxmemory"),
    _row("port",                        Integer(1, 65535),      _FIXED,    None,            (10, 8, 13, 10, 33),        "D, ours"),
    _row("server_id",                   Integer(),              _FIXED,    None,            (None, None, 12, 11, 34),   "D, R, ours"),
    _row("slave",                       Boolean(),              _SETTING,  False,           (9, 9, 11, 12, 36),         "D", redis=(_REPLICAOF,)),
    _row("timeout",                     Integer(0, INT_MAX),    _SETTING,  150,             (8, 10, 10, 13, 43),        "D", redis="timeout"),
    _row("updated_at",                  _MOMENT,                _FIXED,    None,            (7, 11, 9, 14, 45),         "D"),
    _row("databases",                   Integer(1, 10000),      _SETTING,  1,               (13, 12, 16, 15, 8),        "D", redis=(_DATABASES,)),
    _row("memory_limit_notification",   Boolean(),              _SETTING,  False,           (12, 13, 15, 16, 28),       "D"),
    _row("hash_max_zipmap_value",       _COUNT,                 _SETTING,  512,             (15, 14, 18, 17, 11),       "D", redis="hash-max-ziplist-value"),
    _row("id",                          Integer(),              _FIXED,    None,            (14, 15, 17, 18, 13),       "D, ours"),
    _row("hash_max_zipmap_entries",     _COUNT,                 _SETTING,  64,              (18, 16, 23, 19, 10),       "D", redis="hash-max-ziplist-entries"),
    _row("snapshots",                   SavePoints(),           _SETTING,  _SAVE_POINTS,    (17, 17, 22, 20, 41),       "D", redis=(_SAVE,)),
    _row("user_id",                     Integer(),              _FIXED,    None,            (None, None, 21, 21, 46),   "D, ours"),
    _row("version",                     Text(),                 _FIXED,    _VERSION,        (16, 18, 20, 22, 47),       "D, R"),
    _row("vm_max_memory",               Integer(),              _FIXED,    _VM_MEMORY,      (None, None, 19, 23, 49),   "D, R"),
    _row("activerehashing",             Boolean(),              _SETTING,  True,            (21, 19, 27, 24, 1),        "D", redis="activerehashing"),
    _row("appendfsync",                 _FSYNC,                 _SETTING,  "everysec",      (20, 20, 26, 25, 2),        "D", redis="appendfsync"),
    _row("master_host",                 _ANY,                   _SETTING,  None,            (19, 21, 25, 26, 22),       "D", "null", redis=(_REPLICAOF,)),
    _row("vm_enabled",                  Boolean(),              _FIXED,    False,           (None, None, 24, 27, 48),   "D"),
    _row("connections",                 Integer(),              _FIXED,    _CONNECTIONS,    (26, 25, 28, 28, 6),        "D, R, B", redis=(_MAXCLIENTS,)),
    _row("last_backup_at",              _MOMENT,                _FIXED,    None,            (24, 22, 31, 29, 17),       "D", "null"),
    _row("password",                    Text(),                 _SETTING,  None,            (23, 23, 30, 30, 30),       "D, R", "secret", redis="requirepass"),
    _row("status",                      _STATUS,                _FIXED,    None,            (22, 24, 29, 31, 42),       "D, R, ours"),
    _row("master_port",                 PortText(),             _SETTING,  None,            (25, 26, 33, 32, 24),       "D", "null", redis=(_REPLICAOF,)),
    _row("vm_max_threads",              Integer(),              _FIXED,    4,               (None, None, 32, 33, 50),   "D"),
    _row("url",                         _ANY,                   _DERIVED,  None,            (None, None, 34, 34, 55),   "D, ours", "secret"),
    _row("hostname",                    _ANY,                   _DERIVED,  None,            (None, None, 35, 35, 56),   "D, ours"),
    # What the recorded response alone has; _NEW: none of the documentation's payloads. That what is null there stays
    # null is ours. Lists have one bound since Redis 3.2, the entries that a node may have, so that
    # list_max_ziplist_value comes to nothing in redis.conf (ours).
    _row("auto_aof_rewrite_min_size",   _COUNT,                 _SETTING,  67108864,        (*_NEW, 3),                 "R", redis="auto-aof-rewrite-min-size"),
    _row("auto_aof_rewrite_percentage", Integer(0, INT_MAX),    _SETTING,  100,             (*_NEW, 4),                 "R", redis="auto-aof-rewrite-percentage"),
    _row("config_command",              Text(),                 _FIXED,    None,            (*_NEW, 5),                 "R", "secret"),
    _row("gc_serial_number",            Integer(),              _FIXED,    None,            (*_NEW, 9),                 "R, ours", "null"),
    _row("heroku_hash",                 _ANY,                   _FIXED,    None,            (*_NEW, 12),                "R, ours", "null"),
    _row("info_cache",                  _ANY,                   _FIXED,    None,            (*_NEW, 14),                "R, ours", "null"),
    _row("info_cached_on",              _MOMENT,                _FIXED,    None,            (*_NEW, 15),                "R, ours", "null"),
    _row("list_max_ziplist_entries",    Integer(0, INT_MAX),    _SETTING,  512,             (*_NEW, 19),                "R", redis="list-max-ziplist-size"),
    _row("list_max_ziplist_value",      _COUNT,                 _SETTING,  64,              (*_NEW, 20),                "R"),
    _row("log_level",                   _LOG_LEVEL,             _SETTING,  "notice",        (*_NEW, 21),                "R", redis="loglevel"),
    _row("maxmemory_policy",            _POLICY,                _SETTING,  "volatile-lru",  (*_NEW, 25),                "R", redis="maxmemory-policy"),
    _row("maxmemory_samples",           Integer(1, 64),         _SETTING,  3,               (*_NEW, 26),                "R", redis="maxmemory-samples"),
    _row("no_appendfsync_on_rewrite",   Choice(("yes", "no")),  _SETTING,  "no",            (*_NEW, 29),                "R", redis="no-appendfsync-on-rewrite"),
    _row("set_max_intset_entries",      _COUNT,                 _SETTING,  512,             (*_NEW, 35),                "R", redis="set-max-intset-entries"),
    _row("slave_serve_stale_data",      Boolean(),              _SETTING,  True,            (*_NEW, 37),                "R", redis="replica-serve-stale-data"),
    _row("slowlog_enabled",             Boolean(),              _SETTING,  False,           (*_NEW, 38),                "R", redis=(_SLOWLOG,)),
    _row("slowlog_log_slower_than",     _COUNT,                 _SETTING,  50000,           (*_NEW, 39),                "R", redis=(_SLOWLOG,)),
    _row("slowlog_max_len",             _COUNT,                 _SETTING,  102,             (*_NEW, 40),                "R", redis="slowlog-max-len"),
    _row("trial_expires_at",            _MOMENT,                _FIXED,    None,            (*_NEW, 44),                "R, ours", "null"),
    _row("zset_max_ziplist_entries",    _COUNT,                 _SETTING,  128,             (*_NEW, 53),                "R", redis="zset-max-ziplist-entries"),
    _row("zset_max_ziplist_value",      _COUNT,                 _SETTING,  64,              (*_NEW, 54),                "R", redis="zset-max-ziplist-value"),
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


@cache
def known(api: int) -> Mapping[str, Attribute]:
    """The attributes that a version of the API has, by name."""
    return {attribute.name: attribute for attribute in ATTRIBUTES if attribute.since <= api}


@cache
def changeable(api: int) -> tuple[Attribute, ...]:
    """The attributes that a client of that version may change."""
    return tuple(attribute for attribute in CHANGEABLE if attribute.since <= api)


def defaults(plan: Plan, api: int = DOCUMENTED) -> Record:
    """What a new instance on ``plan`` has before anything is assigned to it.

    It has the attributes of every version, so that its record does when the emulator serves another one.
    """
    return {attribute.name: _default(attribute.default, plan, api) for attribute in STORED} | {"plan": plan.name}


def follow_plan(plan: Plan) -> Record:
    """What an upgrade to ``plan`` changes, the plan itself included."""
    followed = {
        attribute.name: attribute.default.read(plan)
        for attribute in STORED
        if isinstance(attribute.default, FromPlan) and attribute.default.follows
    }
    return {"plan": plan.name, **followed}


def _default(default: Value | FromPlan | FromApi, plan: Plan, api: int) -> Value:
    if isinstance(default, FromPlan):
        return default.read(plan)
    if isinstance(default, FromApi):
        return default.values[api]
    return list(default) if isinstance(default, list) else default


def problems(record: Record) -> list[str]:
    """What is wrong with a stored record, in the words of an error message; empty when nothing is."""
    missing = [attribute.name for attribute in STORED if attribute.name not in record]
    if missing:
        return [f"{missing[0]} is missing"]
    return [
        f"{attribute.name} is {'invalid' if attribute.secret else repr(record[attribute.name])}"
        for attribute in STORED
        if not attribute.holds(record[attribute.name])
    ]
