"""The README's tables, made from the tables in the code. ``nox -s docs`` inserts them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rtgmock.errors import REQUEST_ERRORS, AccessDenied, Invalid
from rtgmock.faults.rule import KEYS
from rtgmock.model.attributes import ATTRIBUTES, DOCUMENTED, RECORDED, Assigned, Attribute, FromApi, FromPlan, Role
from rtgmock.model.plans import PLANS
from rtgmock.model.types import LONG_MAX, Boolean, Choice, Datetime, HostName, Integer, PortText, SavePoints
from rtgmock.settings.config import SETTINGS
from rtgmock.text import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.errors import RequestError


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|" + " --- |" * columns, *(f"| {' | '.join(map(str, row))} |" for row in rows)]
    return "\n".join([*lines, ""])


def options() -> str:
    rows = (
        (
            f"`{setting.usage}`".replace("|", "\\|"),
            f"`{setting.variable}`",
            _code(setting),
            setting.help,
        )
        for setting in SETTINGS.values()
    )
    return table("option | variable | default | meaning", rows)


def _code(setting: object) -> str:
    shown = str(getattr(setting, "shown_default", ""))
    return shown if " " in shown or shown == "none" else f"`{shown}`"


def plans() -> str:
    rows = ((plan.name, _price(plan.price), format_size(plan.memory), plan.connections) for plan in PLANS.values())
    return table("plan | a month | memory | connections", rows)


def _price(price: int | None) -> str:
    if price is None:
        return "not known"
    return f"${price}" if price else "free"


def errors() -> str:
    rows = ((f"`{error.status}`", error.summary(), _body(error)) for error in REQUEST_ERRORS)
    return table("status | when | body", rows)


def _body(error: type[RequestError]) -> str:
    if error is AccessDenied:
        return f"`{AccessDenied()}`"
    return "a list of messages" if error is Invalid else "a sentence"


def faults() -> str:
    return table("key | value | meaning", ((f"`{key.name}`", key.values, key.help) for key in KEYS.values()))


def attributes() -> str:
    rows = ((f"`{a.name}`", _values(a), _default(a), a.since, a.source) for a in ATTRIBUTES if _settable(a))
    return table("attribute | values | default | since | source", rows)


def directives() -> str:
    rows = ((f"`{a.name}`", _directives(a), _applied(a), a.since) for a in ATTRIBUTES if a.redis)
    return table("attribute | redis.conf | a change goes live by | since", rows)


def _directives(attribute: Attribute) -> str:
    return ", ".join(f"`{directive.name}`" for directive in attribute.redis)


def _applied(attribute: Attribute) -> str:
    if any(directive.restart for directive in attribute.redis):
        return "a restart"
    return "`REPLICAOF`" if any(d.name == "replicaof" for d in attribute.redis) else "`CONFIG SET`"


def _values(attribute: Attribute) -> str:
    value_type = attribute.value_type
    texts = {
        Boolean: "true, false",
        Datetime: "time",
        HostName: "host name or IP address",
        PortText: "port, as a string",
        SavePoints: "array of strings",
    }
    text = texts.get(type(value_type), "string")
    if isinstance(value_type, Choice):
        text = ", ".join(f"`{word}`" for word in value_type.choices)
    elif isinstance(value_type, Integer):
        bounds = f" from {value_type.minimum}" + (f" to {value_type.maximum}" if value_type.maximum < LONG_MAX else "")
        text = "integer" + (bounds if _settable(attribute) else "")
    return f"{text} or null" if attribute.nullable else text


def _default(attribute: Attribute) -> str:
    if attribute.role is Role.PLAN:
        return "must be given"
    if isinstance(attribute.default, FromPlan):
        return "the plan's"
    if isinstance(attribute.default, FromApi):
        values = attribute.default.values
        return f"`{values[DOCUMENTED]}`; `{values[RECORDED]}` in {RECORDED}"
    if isinstance(attribute.default, Assigned):
        return "assigned"
    if isinstance(attribute.default, list):
        return ", ".join(f"`{entry}`" for entry in attribute.default)
    shown = json.dumps(attribute.default).strip('"')
    return f"`{shown}`"


def _settable(attribute: Attribute) -> bool:
    return attribute.role in {Role.PLAN, Role.SETTING}
