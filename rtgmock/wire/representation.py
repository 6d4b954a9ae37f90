"""Represents an instance: the attributes of a payload with their values, those that are derived included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rtgmock.model.attributes import DOCUMENTED, Attribute, Role
from rtgmock.model.payloads import layout
from rtgmock.text import percent_encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.model.payloads import Payload
    from rtgmock.model.types import Record, Value


class ViewContext(NamedTuple):
    """What a representation depends on besides the record: the client's account, its host, and the API's version.

    ``{server}`` in ``hostname`` is replaced by the name of the instance's server; ``servers`` has the names by id.
    """

    username: str
    hostname: str
    servers: Mapping[int, str]
    api: int = DOCUMENTED


def represent(record: Record, payload: Payload, view: ViewContext) -> list[tuple[Attribute, Value]]:
    """Return what a payload shows of an instance: each attribute with its value, in the payload's order."""
    attributes = layout(payload, view.api)
    # Quoting takes time, and lists show no derived attribute in the version that is served by default.
    derived = any(attribute.role is Role.DERIVED for attribute in attributes)
    values = record | _derived_values(record, view) if derived else record
    return [(attribute, values[attribute.name]) for attribute in attributes]


def _derived_values(record: Record, view: ViewContext) -> dict[str, Value]:
    """Return ``redis://{username}:{password}@{hostname}:{port}/`` (documented) and the hostname in it."""
    hostname = view.hostname.replace("{server}", view.servers.get(record["server_id"], ""))
    host = f"[{hostname}]" if ":" in hostname else hostname  # an IPv6 address
    user, password = percent_encoded(view.username), percent_encoded(record["password"])
    return {"url": f"redis://{user}:{password}@{host}:{record['port']}/", "hostname": hostname}
