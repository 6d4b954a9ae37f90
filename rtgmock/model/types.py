"""The types of attribute values: how each parses what a client sent, and its JSON schema and markup in XML.

A value in a record is a ``str``, ``int``, ``bool``, ``None`` or a list of ``str``: what JSON shows and the state file
stores. A datetime is a string, as it is printed. Only documents of the control API have a ``float``.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, ClassVar

from rtgmock.clock import timestamp

Value = str | int | float | bool | list[str] | None
Record = dict[str, Any]
"""An instance as it is stored: its attributes by name, except the derived ones, and its boot (``lifecycle``)."""
Schema = dict[str, Any]
"""A JSON schema."""

MAX_LENGTH = 255
INT_MAX = 2**31 - 1
LONG_MAX = 2**63 - 1

# The control characters C0 and C1, surrogates, and the two non-characters that XML 1.0 excludes.
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# The same in a JSON schema, whose strings have no surrogates.
_FORBIDDEN_IN_SCHEMA = r"\u0000-\u001f\u007f-\u009f\ufffe\uffff"
# The bounded lengths keep the conversion fast for text of any length.
_DECIMAL = re.compile(r"\s*[+-]?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,9})?\s*", re.ASCII)
# Labels with dots between them. An underscore is in the names of services in Compose files.
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_LIKE_IPV6 = "[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?"
_PORTS = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"


class InvalidValue(ValueError):
    """A value is refused. The text follows the attribute's name in a sentence: ``can't be blank``."""


@dataclass(frozen=True)
class ValueType:
    """A type of value, which clients send in JSON, in XML or in a form."""

    xml_type: ClassVar[str | None] = None
    """The ``type=`` that Rails wrote (documented); None for a string, which has no type."""
    typed_nil: ClassVar[bool] = False
    """Whether a null has the type as well (documented: a datetime has it, a string has not)."""

    def parse(self, raw: object) -> Value:
        """Return the value that a client means by ``raw``, a decoded body's value. Raises InvalidValue."""
        raise NotImplementedError

    def is_valid(self, value: object) -> bool:
        """Whether ``value`` is what ``parse`` returns, so that the state file may have it."""
        try:
            parsed = self.parse(value)
        except InvalidValue:
            return False
        return type(parsed) is type(value) and parsed == value

    def schema(self) -> Schema:
        """Return the JSON schema of the values in answers, with examples; ``parse`` accepts other notations too."""
        raise NotImplementedError


@dataclass(frozen=True)
class Text(ValueType):
    """A string that both XML and redis.conf can contain: no control characters, 255 characters at most."""

    blank: bool = False

    def parse(self, raw: object) -> str:
        """Return the string; that of a number is its digits."""
        if isinstance(raw, bool) or not isinstance(raw, str | int):
            raise InvalidValue("is invalid: it must be a string")
        # Python refuses to write an int of more than 4,300 digits, so a huge one is refused first.
        if isinstance(raw, int) and abs(raw) > LONG_MAX:
            raise InvalidValue(f"is too long (maximum is {MAX_LENGTH} characters)")
        text = str(raw)
        if not text.strip() and not self.blank:
            raise InvalidValue("can't be blank")
        if len(text) > MAX_LENGTH:
            raise InvalidValue(f"is too long (maximum is {MAX_LENGTH} characters)")
        if FORBIDDEN.search(text):
            raise InvalidValue("is invalid: it has a control character, or one that XML cannot carry")
        return text

    def schema(self) -> Schema:
        """Return the schema of a string, with the bounds that JSON Schema can express."""
        anything = f"[^{_FORBIDDEN_IN_SCHEMA}]*"
        pattern = anything if self.blank else rf"{anything}[^\s{_FORBIDDEN_IN_SCHEMA}]{anything}"
        return {"type": "string", "maxLength": MAX_LENGTH, "pattern": f"^{pattern}$", "examples": ["ray-9001"]}


@dataclass(frozen=True)
class HostName(Text):
    """A host name or an IP address, or an empty string: what may follow ``replicaof`` in redis.conf."""

    blank: bool = True

    def parse(self, raw: object) -> str:
        """Return the name or address as it was sent."""
        text = super().parse(raw)
        if text and not (_HOST_NAME.fullmatch(text) or _is_address(text)):
            raise InvalidValue("is invalid: it must be a host name or an IP address")
        return text

    def schema(self) -> Schema:
        """Return the schema of a name or address; some texts that fit it are no IPv6 address."""
        pattern = f"^({_HOST_NAME.pattern}|{_LIKE_IPV6})?$"
        return {"type": "string", "maxLength": MAX_LENGTH, "pattern": pattern, "examples": ["ray.example.com"]}


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


ACCOUNT_NAME = Text(blank=True)
"""The name of an account, as the settings accept it and the state file holds it."""


@dataclass(frozen=True)
class Choice(ValueType):
    """One of a few words."""

    choices: tuple[str, ...]

    def parse(self, raw: object) -> str:
        """Return the word; white space around it is ignored."""
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            raise InvalidValue("can't be blank")
        word = raw.strip() if isinstance(raw, str) else None
        if word not in self.choices:
            # Rails's own words first, for clients that look for them, then what would be accepted (ours).
            raise InvalidValue(f"is not included in the list: it is one of {', '.join(self.choices)}")
        return word

    def schema(self) -> Schema:
        """Return the schema of an enumeration."""
        return {"type": "string", "enum": [str(word) for word in self.choices], "examples": [str(self.choices[0])]}


@dataclass(frozen=True)
class Integer(ValueType):
    """A whole number between two bounds, both included."""

    xml_type = "integer"
    minimum: int = 0
    maximum: int = LONG_MAX

    def parse(self, raw: object) -> int:
        """Return the number; it may be sent as a string of digits."""
        number = self._number(raw)
        if number < self.minimum:
            above = "greater than 0" if self.minimum == 1 else f"greater than or equal to {self.minimum}"
            raise InvalidValue(f"must be {above}")
        if number > self.maximum:
            raise InvalidValue(f"must be less than or equal to {self.maximum}")
        return number

    def schema(self) -> Schema:
        """Return the schema of an integer with its bounds."""
        bounds = {"minimum": self.minimum, "maximum": self.maximum, "examples": [self.minimum]}
        return {"type": "integer", "format": "int32" if self.maximum <= INT_MAX else "int64", **bounds}

    @staticmethod
    def _number(raw: object) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and re.fullmatch(r"\s*[+-]?\d{1,400}\s*", raw, re.ASCII):
            return int(raw)
        # The JSON decoder makes a float of an integer beyond 64 bits.
        number = float(raw) if isinstance(raw, float | str) and _is_decimal(raw) else float("nan")
        if not isfinite(number):
            raise InvalidValue("is not a number")
        if isinstance(raw, float) and number.is_integer():
            return int(number)
        raise InvalidValue("must be an integer")


@dataclass(frozen=True)
class Number(ValueType):
    """A number between two bounds, both included, as seconds or a probability."""

    minimum: float = 0
    maximum: float = 1e9

    def parse(self, raw: object) -> float:
        """Return a JSON number as a float; a string is not accepted."""
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not isfinite(raw):
            raise InvalidValue("is not a number")
        if not self.minimum <= raw <= self.maximum:
            raise InvalidValue(f"must be from {self.minimum:g} to {self.maximum:g}")
        return float(raw)


def _is_decimal(raw: float | str) -> bool:
    return isinstance(raw, float) or _DECIMAL.fullmatch(raw) is not None


@dataclass(frozen=True)
class Boolean(ValueType):
    """True or false."""

    xml_type = "boolean"

    def parse(self, raw: object) -> bool:
        """Return the truth value; a form's check box and XML send ``1``, ``0`` and strings."""
        values = {"true": True, "1": True, "false": False, "0": False}
        # True and False are ints to Python, so the first line covers them: 1 and 0 equal them as keys.
        word = {0: "0", 1: "1"}.get(raw, "") if isinstance(raw, int) else raw
        word = word.strip().lower() if isinstance(word, str) else ""
        if word not in values:
            raise InvalidValue("is not included in the list: it is true or false")
        return values[word]

    def schema(self) -> Schema:
        """Return the schema of a boolean."""
        return {"type": "boolean", "examples": [False]}


@dataclass(frozen=True)
class Datetime(ValueType):
    """A moment in UTC, stored as it is printed: ``2010-12-20T00:35:22Z``."""

    xml_type = "datetime"
    typed_nil = True

    def parse(self, raw: object) -> str:
        """Return the moment in UTC; it may be sent in ISO 8601 with any offset."""
        try:
            moment = datetime.fromisoformat(raw.strip() if isinstance(raw, str) else "")
            if moment.tzinfo is None:  # a moment without an offset could be in any time zone
                raise InvalidValue("is invalid")
            return timestamp(moment)
        except (ValueError, OverflowError) as error:
            raise InvalidValue("is invalid") from error

    def schema(self) -> Schema:
        """Return the schema of a moment in RFC 3339's notation."""
        return {"type": "string", "format": "date-time", "examples": ["2010-12-20T00:35:22Z"]}


@dataclass(frozen=True)
class PortText(ValueType):
    """A TCP port as a string, which may be empty: ``master_port``, whose nil has no type (documented)."""

    def parse(self, raw: object) -> str:
        """Return the port as a string; it may be sent as a number."""
        if raw == "":
            return ""
        return str(Integer(1, 65535).parse(raw))

    def schema(self) -> Schema:
        """Return the schema of a string of digits, or an empty one."""
        return {"type": "string", "pattern": f"^({_PORTS})?$", "examples": ["6379"]}


@dataclass(frozen=True)
class SavePoints(ValueType):
    """The save points of Redis: a list of ``"seconds changes"``, as ``900 1`` (documented)."""

    xml_type = "array"
    max_entries: int = 64

    def parse(self, raw: object) -> list[str]:
        """Return the save points without blanks, since a form writes an empty list as ``snapshots[]=``."""
        if not isinstance(raw, list):
            raise InvalidValue('is invalid: it must be an array of "seconds changes", as "900 1"')
        points = [self._point(point) for point in raw if point not in ("", None)]
        if len(points) > self.max_entries:
            raise InvalidValue(f"is too long (maximum is {self.max_entries} entries)")
        return points

    @staticmethod
    def _point(raw: object) -> str:
        words = raw.split() if isinstance(raw, str) else []
        try:
            seconds, changes = (Integer(1, INT_MAX).parse(word) for word in words)
        except ValueError as error:
            raise InvalidValue('is invalid: each entry must be "seconds changes", as "900 1"') from error
        return f"{seconds} {changes}"

    def schema(self) -> Schema:
        """Return the schema of an array of strings."""
        point = {"type": "string", "pattern": "^[1-9][0-9]{0,9} [1-9][0-9]{0,9}$"}
        return {"type": "array", "items": point, "maxItems": self.max_entries, "examples": [["900 1"]]}
