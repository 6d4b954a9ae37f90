"""The payloads of the API, each with its attributes in its order."""

from __future__ import annotations

from enum import Enum, auto
from functools import cache

from rtgmock.model.attributes import ATTRIBUTES, BY_NAME, DOCUMENTED, STORED, Attribute, Role


class Payload(Enum):
    """The four payloads that the documentation shows, each in its own order."""

    LIST_JSON = auto()
    LIST_XML = auto()
    SHOW_JSON = auto()
    SHOW_XML = auto()


# The orders of the documentation's samples. Its JSON has no url and no hostname; that they follow at the end is ours:
# a JSON client could not connect without them.
_ORDERS_2010 = {
    Payload.LIST_JSON: (
        "plan",
        "persistence",
        "last_bgrewriteaof_at",
        "label",
        "created_at",
        "master_password",
        "updated_at",
        "timeout",
        "slave",
        "port",
        "memory",
        "memory_limit_notification",
        "databases",
        "id",
        "hash_max_zipmap_value",
        "version",
        "snapshots",
        "hash_max_zipmap_entries",
        "master_host",
        "appendfsync",
        "activerehashing",
        "status",
        "password",
        "last_backup_at",
        "master_port",
        "connections",
    ),
    Payload.LIST_XML: (
        "label",
        "last_bgrewriteaof_at",
        "persistence",
        "plan",
        "created_at",
        "master_password",
        "memory",
        "port",
        "slave",
        "timeout",
        "updated_at",
        "databases",
        "memory_limit_notification",
        "hash_max_zipmap_value",
        "id",
        "hash_max_zipmap_entries",
        "snapshots",
        "version",
        "activerehashing",
        "appendfsync",
        "master_host",
        "last_backup_at",
        "password",
        "status",
        "connections",
        "master_port",
    ),
    Payload.SHOW_JSON: (
        "vm_size",
        "plan",
        "persistence",
        "last_bgrewriteaof_at",
        "label",
        "created_at",
        "vm_page_size",
        "master_password",
        "updated_at",
        "timeout",
        "slave",
        "server_id",
        "port",
        "memory",
        "memory_limit_notification",
        "databases",
        "id",
        "hash_max_zipmap_value",
        "vm_max_memory",
        "version",
        "user_id",
        "snapshots",
        "hash_max_zipmap_entries",
        "vm_enabled",
        "master_host",
        "appendfsync",
        "activerehashing",
        "connections",
        "status",
        "password",
        "last_backup_at",
        "vm_max_threads",
        "master_port",
        "url",
        "hostname",
    ),
    Payload.SHOW_XML: (
        "label",
        "last_bgrewriteaof_at",
        "persistence",
        "plan",
        "vm_size",
        "created_at",
        "master_password",
        "vm_page_size",
        "memory",
        "port",
        "server_id",
        "slave",
        "timeout",
        "updated_at",
        "databases",
        "memory_limit_notification",
        "hash_max_zipmap_value",
        "id",
        "hash_max_zipmap_entries",
        "snapshots",
        "user_id",
        "version",
        "vm_max_memory",
        "activerehashing",
        "appendfsync",
        "master_host",
        "vm_enabled",
        "connections",
        "last_backup_at",
        "password",
        "status",
        "master_port",
        "vm_max_threads",
        "url",
        "hostname",
    ),
}

# The recorded response has its attributes in alphabetical order, and lists show all of them. That XML has the same
# order is ours, and so is the place of the derived ones at the end.
_ORDER_2012 = (
    *sorted(attribute.name for attribute in STORED),
    *(attribute.name for attribute in ATTRIBUTES if attribute.role is Role.DERIVED),
)


@cache
def layout(payload: Payload, api: int = DOCUMENTED) -> tuple[Attribute, ...]:
    """Return the attributes that a payload has in a version of the API, in the payload's order."""
    names = _ORDERS_2010[payload] if api == DOCUMENTED else _ORDER_2012
    return tuple(BY_NAME[name] for name in names)
