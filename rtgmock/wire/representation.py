"""An instance becomes what a payload shows of it, by the attribute table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from rtgmock.model.attributes import DOCUMENTED, Attribute, Role
from rtgmock.model.payloads import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.model.payloads import Payload
    from rtgmock.model.types import Record, Value


@dataclass(frozen=True)
class ViewContext:
    """From where a client looks: its account's name, the host that it is to connect to, and the API's version.

    ``{server}`` in ``hostname`` stands for the name of the instance's server; ``servers`` has the names by id.
    """

    username: str
    hostname: str
    servers: Mapping[int, str]
    api: int = DOCUMENTED


def show(record: Record, payload: Payload, view_context: ViewContext) -> list[tuple[Attribute, Value]]:
    """What ``payload``, or what stands for it in the API's version, shows of an instance, in its order."""
    shown = layout(payload, view_context.api)
    values = record | _derived(record, view_context) if any(a.role is Role.DERIVED for a in shown) else record
    return [(attribute, values[attribute.name]) for attribute in shown]


def _derived(record: Record, view_context: ViewContext) -> dict[str, Value]:
    """``redis://{username}:{password}@{hostname}:{port}/`` (documented) and the hostname in it."""
    hostname = view_context.hostname.replace("{server}", view_context.servers.get(record["server_id"], ""))
    host = f"[{hostname}]" if ":" in hostname else hostname
    user, password = quote(view_context.username, safe=""), quote(record["password"], safe="")
    return {"url": f"redis://{user}:{password}@{host}:{record['port']}/", "hostname": hostname}
