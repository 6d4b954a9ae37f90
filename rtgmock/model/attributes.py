"""The table of an instance's attributes: one row each.

Parsing, validation, the payloads, redis.conf, the check of the state file and the documentation read it. A new
attribute is a new row here; ``payloads`` has the places of the documented ones in their payloads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

from rtgmock.model import lifecycle
from rtgmock.model.directives import APPENDONLY, DATABASES, MAXCLIENTS, REPLICAOF, SAVE, SLOWLOG, Directive, directive
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS, Plan
from rtgmock.model.types import (
    INT_MAX,
    LONG_MAX,
    Boolean,
    Choice,
    Datetime,
    HostName,
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

DOCUMENTED, RECORDED = APIS = (2010, 2012)
"""The versions of the API, by the years of their sources: the documentation and the recorded response."""


class Role(Enum):
    """Who gives an attribute its value. The texts are those of the OpenAPI document."""

    PLAN = "the client; a change is an upgrade"
    SETTING = "the client"
    READ_ONLY = "the service; what a client sends is ignored"
    DERIVED = "the service, from where the client stands; not stored"


@dataclass(frozen=True)
class Assigned:
    """The default of an attribute whose value the service determines for each instance, as its id."""


@dataclass(frozen=True)
class FromPlan:
    """A default that depends on the plan. With ``follows_upgrade``, an upgrade changes the attribute as well."""

    value: Callable[[Plan], Value]
    follows_upgrade: bool = False


@dataclass(frozen=True)
class FromApi:
    """A default that depends on the version of the API."""

    values: Mapping[int, Value]


Default = Value | Assigned | FromPlan | FromApi


# Rows are compared by identity, which also makes them usable as keys: a default may be a mapping, without a hash.
@dataclass(frozen=True, eq=False)
class Attribute:
    """A row of the table.

    ``default`` is the value of a new instance; ``since`` is the first version of the API that has the attribute.
    ``source`` says what the row rests on: D the documentation, R a recorded response, B the service's blog, ours.
    ``redis`` is what the attribute is in redis.conf. ``secret`` values are kept out of logs. ``may_precede`` tells of two
    values whether the service may have replaced the first by the second; None where it replaces none by itself.
    """

    name: str
    value_type: ValueType
    role: Role
    default: Default
    since: int
    source: str
    redis: tuple[Directive, ...] = ()
    nullable: bool = False
    secret: bool = False
    may_precede: Callable[[Value, Value], bool] | None = None

    @property
    def human_name(self) -> str:
        """The name as Rails humanizes it at the beginning of an error message: ``Master host``."""
        return self.name.replace("_", " ").capitalize()

    def parse(self, raw: object) -> Value:
        """Return the value that a client means by ``raw``. Raises InvalidValue, whose text follows the name."""
        if raw is not None:
            return self.value_type.parse(raw)
        if not self.nullable:
            raise InvalidValue("can't be blank")
        return None

    def is_valid(self, value: object) -> bool:
        """Whether a stored record may have this value."""
        return (value is None and self.nullable) or self.value_type.is_valid(value)

    def equals(self, raw: object, value: Value) -> bool:
        """Whether ``raw``, in the notation of any client, means ``value``."""
        try:
            return self.parse(raw) == value
        except InvalidValue:
            return False

    def is_outdated(self, raw: object, value: Value) -> bool:
        """Whether ``raw`` is what a client may have been shown before the service replaced it by ``value``."""
        try:
            return bool(self.may_precede and self.may_precede(self.parse(raw), value))
        except InvalidValue:
            return False


def _is_earlier_status(sent: Value, value: Value) -> bool:
    return lifecycle.may_precede(str(sent), str(value))


def _is_earlier_moment(sent: Value, value: Value) -> bool:
    # As texts: all moments have one form, which sorts as they do.
    return isinstance(value, str) and (sent is None or str(sent) < value)


# Shared by rows, and short so that a row fits on a line.
_ANY = Text(blank=True)
_COUNT = Integer(0, LONG_MAX)
_MOMENT = Datetime()
_PLAN, _SETTING, _READ_ONLY, _DERIVED = Role
_STATUS = Choice(tuple(Status))
_PERSISTENCE = Choice(("aof", "snapshot", "none"))
_FSYNC = Choice(("always", "everysec", "no"))
_SAVE_POINTS = ["900 1", "300 10", "60 10000"]
_PLAN_NAME = FromPlan(lambda plan: plan.name, follows_upgrade=True)
_MEMORY = FromPlan(lambda plan: plan.memory, follows_upgrade=True)
_CONNECTIONS = FromPlan(lambda plan: plan.connections, follows_upgrade=True)
_VM_MEMORY = FromPlan(lambda plan: plan.vm_max_memory, follows_upgrade=True)
# An upgrade keeps the persistence, which a client may have set (ours).
_DURABILITY = FromPlan(lambda plan: plan.persistence)
# What Redis really runs replaces it when an engine is used.
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


def _row(
    name: str,
    value_type: ValueType,
    role: Role,
    default: Default,
    since: int,
    source: str,
    *,
    nullable: bool = False,
    secret: bool = False,
    redis: str | tuple[Directive, ...] = (),
    may_precede: Callable[[Value, Value], bool] | None = None,
) -> Attribute:
    """Return a row. A string as ``redis`` names the directive that has the attribute's own value."""
    directives = (directive(redis, name),) if isinstance(redis, str) else redis
    return Attribute(name, value_type, role, default, since, source, directives, nullable, secret, may_precede)


# Redis's own bounds are the upper bounds of numbers, except for ``databases``, which Redis allocates at its start.
# Choices and bounds are those that every Redis from 6.2 to 8 accepts; the directives' names are known to all of them.
# fmt: off
ATTRIBUTES = (
    #    name                           type                    role        default         since source
    _row("label",                       Text(),                 _SETTING,   Assigned(),     2010, "D, R"),
    _row("last_bgrewriteaof_at",        _MOMENT,                _READ_ONLY, None,           2010, "D", nullable=True, may_precede=_is_earlier_moment),
    _row("persistence",                 _PERSISTENCE,           _SETTING,   _DURABILITY,    2010, "R, B", redis=(APPENDONLY, SAVE)),
    _row("plan",                        Choice(tuple(PLANS)),   _PLAN,      _PLAN_NAME,     2010, "D, B"),
    _row("vm_size",                     Integer(),              _READ_ONLY, 0,              2010, "D"),
    _row("created_at",                  _MOMENT,                _READ_ONLY, Assigned(),     2010, "D"),
    _row("master_password",             _ANY,                   _SETTING,   None,           2010, "D", nullable=True, secret=True, redis="masterauth"),
    _row("vm_page_size",                Integer(),              _READ_ONLY, 32,             2010, "D"),
    _row("memory",                      Integer(),              _READ_ONLY, _MEMORY,        2010, "D, R, B", redis="maxmemory"),
    _row("port",                        Integer(1, 65535),      _READ_ONLY, Assigned(),     2010, "D, ours"),
    _row("server_id",                   Integer(),              _READ_ONLY, Assigned(),     2010, "D, R, ours"),
    _row("slave",                       Boolean(),              _SETTING,   False,          2010, "D", redis=(REPLICAOF,)),
    _row("timeout",                     Integer(0, INT_MAX),    _SETTING,   150,            2010, "D", redis="timeout"),
    _row("updated_at",                  _MOMENT,                _READ_ONLY, Assigned(),     2010, "D"),
    _row("databases",                   Integer(1, 10000),      _SETTING,   1,              2010, "D", redis=(DATABASES,)),
    _row("memory_limit_notification",   Boolean(),              _SETTING,   False,          2010, "D"),
    _row("hash_max_zipmap_value",       _COUNT,                 _SETTING,   512,            2010, "D", redis="hash-max-ziplist-value"),
    _row("id",                          Integer(),              _READ_ONLY, Assigned(),     2010, "D, ours"),
    _row("hash_max_zipmap_entries",     _COUNT,                 _SETTING,   64,             2010, "D", redis="hash-max-ziplist-entries"),
    _row("snapshots",                   SavePoints(),           _SETTING,   _SAVE_POINTS,   2010, "D", redis=(SAVE,)),
    _row("user_id",                     Integer(),              _READ_ONLY, Assigned(),     2010, "D, ours"),
    _row("version",                     Text(),                 _READ_ONLY, _VERSION,       2010, "D, R"),
    _row("vm_max_memory",               Integer(),              _READ_ONLY, _VM_MEMORY,     2010, "D, R"),
    _row("activerehashing",             Boolean(),              _SETTING,   True,           2010, "D", redis="activerehashing"),
    _row("appendfsync",                 _FSYNC,                 _SETTING,   "everysec",     2010, "D", redis="appendfsync"),
    _row("master_host",                 HostName(),             _SETTING,   None,           2010, "D", nullable=True, redis=(REPLICAOF,)),
    _row("vm_enabled",                  Boolean(),              _READ_ONLY, False,          2010, "D"),
    _row("connections",                 Integer(),              _READ_ONLY, _CONNECTIONS,   2010, "D, R, B", redis=(MAXCLIENTS,)),
    _row("last_backup_at",              _MOMENT,                _READ_ONLY, None,           2010, "D", nullable=True, may_precede=_is_earlier_moment),
    _row("password",                    Text(),                 _SETTING,   Assigned(),     2010, "D, R", secret=True, redis="requirepass"),
    _row("status",                      _STATUS,                _READ_ONLY, Assigned(),     2010, "D, R, ours", may_precede=_is_earlier_status),
    _row("master_port",                 PortText(),             _SETTING,   None,           2010, "D", nullable=True, redis=(REPLICAOF,)),
    _row("vm_max_threads",              Integer(),              _READ_ONLY, 4,              2010, "D"),
    _row("url",                         _ANY,                   _DERIVED,   Assigned(),     2010, "D, ours", secret=True),
    _row("hostname",                    _ANY,                   _DERIVED,   Assigned(),     2010, "D, ours"),
    # Only the recorded response has these. That what is null in it stays null is ours. Since Redis 3.2 a list has one
    # bound, the entries of a node, so list_max_ziplist_value has no directive (ours).
    _row("auto_aof_rewrite_min_size",   _COUNT,                 _SETTING,   67108864,       2012, "R", redis="auto-aof-rewrite-min-size"),
    _row("auto_aof_rewrite_percentage", Integer(0, INT_MAX),    _SETTING,   100,            2012, "R", redis="auto-aof-rewrite-percentage"),
    _row("config_command",              Text(),                 _READ_ONLY, Assigned(),     2012, "R", secret=True),
    _row("gc_serial_number",            Integer(),              _READ_ONLY, None,           2012, "R, ours", nullable=True),
    _row("heroku_hash",                 _ANY,                   _READ_ONLY, None,           2012, "R, ours", nullable=True),
    _row("info_cache",                  _ANY,                   _READ_ONLY, None,           2012, "R, ours", nullable=True),
    _row("info_cached_on",              _MOMENT,                _READ_ONLY, None,           2012, "R, ours", nullable=True),
    _row("list_max_ziplist_entries",    Integer(0, INT_MAX),    _SETTING,   512,            2012, "R", redis="list-max-ziplist-size"),
    _row("list_max_ziplist_value",      _COUNT,                 _SETTING,   64,             2012, "R"),
    _row("log_level",                   _LOG_LEVEL,             _SETTING,   "notice",       2012, "R", redis="loglevel"),
    _row("maxmemory_policy",            _POLICY,                _SETTING,   "volatile-lru", 2012, "R", redis="maxmemory-policy"),
    _row("maxmemory_samples",           Integer(1, 64),         _SETTING,   3,              2012, "R", redis="maxmemory-samples"),
    _row("no_appendfsync_on_rewrite",   Choice(("yes", "no")),  _SETTING,   "no",           2012, "R", redis="no-appendfsync-on-rewrite"),
    _row("set_max_intset_entries",      _COUNT,                 _SETTING,   512,            2012, "R", redis="set-max-intset-entries"),
    _row("slave_serve_stale_data",      Boolean(),              _SETTING,   True,           2012, "R", redis="replica-serve-stale-data"),
    _row("slowlog_enabled",             Boolean(),              _SETTING,   False,          2012, "R", redis=(SLOWLOG,)),
    _row("slowlog_log_slower_than",     _COUNT,                 _SETTING,   50000,          2012, "R", redis=(SLOWLOG,)),
    _row("slowlog_max_len",             _COUNT,                 _SETTING,   102,            2012, "R", redis="slowlog-max-len"),
    _row("trial_expires_at",            _MOMENT,                _READ_ONLY, None,           2012, "R, ours", nullable=True),
    _row("zset_max_ziplist_entries",    _COUNT,                 _SETTING,   128,            2012, "R", redis="zset-max-ziplist-entries"),
    _row("zset_max_ziplist_value",      _COUNT,                 _SETTING,   64,             2012, "R", redis="zset-max-ziplist-value"),
)
# fmt: on

BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}
STORED = tuple(attribute for attribute in ATTRIBUTES if attribute.role is not Role.DERIVED)
STORED_NAMES = dict.fromkeys(attribute.name for attribute in STORED).keys()
"""The names of what is stored, in the table's order."""
ASSIGNED = tuple(attribute for attribute in STORED if isinstance(attribute.default, Assigned))
CHANGEABLE = tuple(attribute for attribute in ATTRIBUTES if attribute.role in {Role.PLAN, Role.SETTING})
SECRETS = frozenset(attribute.name for attribute in ATTRIBUTES if attribute.secret)


@cache
def known(api: int) -> Mapping[str, Attribute]:
    """Return the attributes of a version of the API, by name."""
    return {attribute.name: attribute for attribute in ATTRIBUTES if attribute.since <= api}


@cache
def changeable(api: int) -> tuple[Attribute, ...]:
    """Return the attributes that a client of a version of the API may change."""
    return tuple(attribute for attribute in CHANGEABLE if attribute.since <= api)
