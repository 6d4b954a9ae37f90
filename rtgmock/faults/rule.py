"""A rule: which requests it matches, which of those it applies to, and what its kinds of faults do then."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from rtgmock.errors import Invalid
from rtgmock.faults import kinds
from rtgmock.faults.base import RuleKey
from rtgmock.faults.kinds import KINDS
from rtgmock.model import validation
from rtgmock.model.types import Choice, Integer, InvalidValue, Number, Text
from rtgmock.paths import CONTROL_PATH
from rtgmock.wire.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtgmock.faults.base import FaultKind, HttpExchange, Match

# A rule may also match methods that no endpoint accepts, whose requests are refused with a 405 or 404.
METHODS = tuple(dict.fromkeys((*(endpoint.method for endpoint in ENDPOINTS), "PATCH", "OPTIONS")))


@dataclass(frozen=True)
class Method(Choice):
    """An HTTP method, in upper or lower case."""

    def parse(self, raw: object) -> str:
        """Return the method in upper case. Raises InvalidValue for another value."""
        return super().parse(raw.upper() if isinstance(raw, str) else raw)


@dataclass(frozen=True)
class PathPattern(Text):
    """A path in which ``*`` matches any characters."""

    def parse(self, raw: object) -> str:
        """Return the pattern as it is. Raises InvalidValue for another value."""
        text = super().parse(raw)
        if not text.startswith(("/", "*")):
            raise InvalidValue("must begin with / or *, as /instances/*")
        if text.startswith(CONTROL_PATH):
            raise InvalidValue(f"can't be in {CONTROL_PATH}: the control API has no faults")
        return text


MATCH_KEYS = (
    RuleKey(
        "method",
        Method(METHODS),
        "a method",
        "Match requests with this method, or overridden to it. By default, any method.",
    ),
    RuleKey(
        "path",
        PathPattern(),
        "a path",
        "Match requests to this path; `*` matches any characters. A path without an extension matches any extension.",
    ),
    RuleKey("account", Text(), "a name", "Match requests with this account's credentials. By default, any request."),
    RuleKey("nth", Integer(1), "a number", "Apply to the nth matching request only."),
    RuleKey("after", Integer(), "a number", "Apply to the matching requests after this many."),
    RuleKey(
        "probability",
        Number(0, 1),
        "0 to 1",
        "Apply to each matching request with this probability; repeatable with `--random-seed`.",
    ),
    RuleKey("times", Integer(1), "a number", "Fire at most this many times."),
)
# The order is that of the README's table and of the messages that list the keys.
KEYS = {key.name: key for key in (*MATCH_KEYS, *(key for kind in KINDS for key in kind.keys))}
_FIELDS = {name: key.value_type for name, key in KEYS.items()}


class Keys(kinds.Keys, total=False):
    """The keyword arguments of a rule in Python, besides ``method`` and ``path``."""

    account: str
    nth: int
    after: int
    probability: float
    times: int


class Trigger(NamedTuple):
    """What rules are matched against: a request, or the moment when it turns out to be an upgrade with room for it."""

    method: str
    path: str
    account: str = ""
    upgrade: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule. ``values`` are its parsed values by key."""

    values: Mapping[str, Any]

    @cached_property
    def kinds(self) -> tuple[FaultKind, ...]:
        """The kinds of faults that it has."""
        return tuple(kind for kind in KINDS if kind.name in self.values)

    @property
    def account(self) -> str | None:
        """The account whose requests it matches; None for a rule for everybody's."""
        return self.values.get("account")

    @cached_property
    def _at_upgrade(self) -> bool:
        return any(kind.at_upgrade for kind in self.kinds)

    @cached_property
    def _path(self) -> re.Pattern[str]:
        return re.compile(fnmatch.translate(self.values.get("path", "*")))

    def matches(self, trigger: Trigger) -> bool:
        """Return whether the rule matches. The path ``/instances/*`` also matches ``/instances/7.json``."""
        method, account = self.values.get("method", trigger.method), self.values.get("account", trigger.account)
        if (trigger.upgrade, trigger.method, trigger.account) != (self._at_upgrade, method, account):
            return False
        # The API accepts every path with a slash at the end and with an extension, so a rule does too.
        path = trigger.path.rstrip("/") or "/"
        folder, slash, name = path.rpartition("/")
        without_extension = f"{folder}{slash}{name.partition('.')[0]}"
        return any(self._path.match(candidate) for candidate in (path, without_extension))

    def applies(self, match: Match, applied: int) -> bool:
        """Return whether the rule, which has applied so many times before, applies to this match."""
        return (
            applied < self.values.get("times", applied + 1)
            and match.count == self.values.get("nth", match.count)
            and match.count > self.values.get("after", 0)
            and ("probability" not in self.values or match.uniform("probability") < self.values["probability"])
        )

    def on_request(self, match: Match, exchange: HttpExchange) -> None:
        """Act before the request is carried out. Raises RequestError to answer it with that error instead."""
        for kind in self.kinds:
            kind.on_request(match, exchange)

    def on_response(self, match: Match, exchange: HttpExchange) -> None:
        """Act on the response before it is sent."""
        for kind in self.kinds:
            kind.on_response(match, exchange)


def parse_rule(document: object, where: str = "") -> Rule:
    """Return the rule that a document describes. Raises Invalid with every mistake, each after ``where``."""
    # Collected before the values are parsed, so that all mistakes are reported at once.
    contradictions = [f"{where}{message}" for message in _contradictions(document)]
    try:
        values = validation.parse_fields(document, _FIELDS, where=where)
    except Invalid as error:
        raise Invalid([*error.messages, *contradictions]) from error
    if contradictions:
        raise Invalid(contradictions)
    return Rule(values)


def _contradictions(document: object) -> Iterator[str]:
    """Give a message for each combination of keys that is wrong for any values."""
    if not isinstance(document, dict):
        return  # parse_fields has the message
    names = {name for name, value in document.items() if value is not None}
    present = [kind for kind in KINDS if kind.name in names]
    for kind in KINDS:
        extra = [key.name for key in kind.keys[1:] if key.name in names]
        if kind not in present:
            yield from (f"{name} can't be given without {kind.name}" for name in extra)
    for kind in present:
        yield from (f"{kind.name} can't be given together with {name}" for name in kind.conflicts if name in names)
    if {"nth", "after"} <= names:
        yield "nth can't be given together with after"
    # An unknown key is probably a misspelt kind: then its own message is enough.
    if not present and names <= KEYS.keys():
        yield f"the rule has no fault: give it one of {', '.join(kind.name for kind in KINDS)}"
