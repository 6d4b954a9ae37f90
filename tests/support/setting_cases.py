"""Values of every setting, made from the table of attributes: one that is accepted, and those that are refused.

The messages are those of Rails for the type of a value; the name in front of them is the attribute's, humanized.
"""

from __future__ import annotations

from typing import Any

from rtgmock.model.attributes import APIS, BY_NAME, Role, changeable
from rtgmock.model.types import Boolean, Choice, HostName, Integer, PortText, SavePoints, Text, ValueType
from tests.support.values import record

MASTER = {"master_host": "10.0.0.1", "master_port": "6379"}
"""What an instance needs before it can be a slave."""

_NO_HOSTS = ["no such host", "10.0.0.1 6379", "ray:6379", "redis://ray", "[::1]", "-ray", "ray..com", "räy", "r/y", " "]
_BLANK = (None, "can't be blank")
_NOT_LISTED = "is not included in the list: it is"
_TOO_LONG = ("x" * 256, "is too long (maximum is 255 characters)")
_NO_STRING = "is invalid: it must be a string"
_CONTROL_CHARACTER = ("a\u0007b", "is invalid: it has a control character, or one that XML cannot carry")
_NO_HOST = "is invalid: it must be a host name or an IP address"
_NO_POINT = 'is invalid: each entry must be "seconds changes", as "900 1"'
_NO_ARRAY = 'is invalid: it must be an array of "seconds changes", as "900 1"'


def settings(api: int) -> list[str]:
    """Return the settings of a version of the API, in the order of the table."""
    return [attribute.name for attribute in changeable(api) if attribute.role is Role.SETTING]


SETTINGS = [(api, name) for api in APIS for name in settings(api)]
"""Every setting of every version, to parametrise a test with."""


def accepted_value(name: str) -> Any:
    """Return a valid value of a setting, as JSON shows it, that is not its default."""
    default = record()[name]
    match BY_NAME[name].value_type:
        case Text():
            return MASTER["master_host"] if name == "master_host" else "open sesame"
        case Choice(choices):
            return next(choice for choice in choices if choice != default)
        case Integer(minimum, maximum):
            return minimum if minimum != default else maximum
        case Boolean():
            return not default
        case PortText():
            return MASTER["master_port"]
        case SavePoints():
            return ["60 1"]
    raise NotImplementedError(name)


def refused_values(name: str) -> list[tuple[Any, str]]:
    """Return values of a setting that are refused, each with its message."""
    attribute = BY_NAME[name]
    cases = _refused_by_type(attribute.value_type)
    if not attribute.nullable:
        cases.append(_BLANK)
    return [(value, f"{name.replace('_', ' ').capitalize()} {phrase}") for value, phrase in cases]


def _refused_by_type(value_type: ValueType) -> list[tuple[Any, str]]:
    match value_type:
        case Text(blank):
            values: list[tuple[Any, str]] = [_TOO_LONG, _CONTROL_CHARACTER, (["10.0.0.1"], _NO_STRING)]
            if isinstance(value_type, HostName):
                values += [(value, _NO_HOST) for value in _NO_HOSTS]
            return values if blank else [*values, ("", "can't be blank")]
        case Choice(choices):
            not_listed = f"{_NOT_LISTED} one of {', '.join(choices)}"
            return [("sometimes", not_listed), (True, not_listed), ("", "can't be blank")]
        case Integer(minimum, maximum):
            above = "greater than 0" if minimum == 1 else f"greater than or equal to {minimum}"
            return [
                (minimum - 1, f"must be {above}"),
                (maximum + 1, f"must be less than or equal to {maximum}"),
                (1.5, "must be an integer"),
                ("many", "is not a number"),
                ("", "is not a number"),
                ([1], "is not a number"),
            ]
        case Boolean():
            return [(value, f"{_NOT_LISTED} true or false") for value in ("perhaps", 2)]
        case PortText():
            return [("70000", "must be less than or equal to 65535"), ("redis", "is not a number")]
        case SavePoints():
            return [(["60"], _NO_POINT), ("60 1", _NO_ARRAY)]
    raise NotImplementedError(value_type)
