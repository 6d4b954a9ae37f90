"""A rule: which requests it matches, to which of those it applies, and what then goes wrong."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from rtgmock.errors import Invalid
from rtgmock.faults import kinds
from rtgmock.faults.base import Key
from rtgmock.faults.kinds import KINDS
from rtgmock.model import validation
from rtgmock.model.types import Choice, Integer, InvalidValue, Number, Text
from rtgmock.paths import CONTROL_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtgmock.faults.base import Exchange, FaultKind, Match


@dataclass(frozen=True)
class Method(Choice):
    """A method, in letters of either case."""

    def parse(self, raw: object) -> str:
        """The method in capitals."""
        return super().parse(raw.upper() if isinstance(raw, str) else raw)


@dataclass(frozen=True)
class Pattern(Text):
    """A path in which ``*`` stands for anything."""

    def parse(self, raw: object) -> str:
        """As it is written."""
        text = super().parse(raw)
        if not text.startswith(("/", "*")):
            raise InvalidValue("must begin with / or *, as /instances/*")
        if text.startswith(CONTROL_PATH):
            raise InvalidValue(f"can't be in {CONTROL_PATH}: nothing goes wrong there")
        return text


MATCH_KEYS = (
    Key(
        "method",
        Method(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")),
        "a method",
        "Requests with this method, or standing for it; without it, with any.",
    ),
    Key(
        "path",
        Pattern(),
        "a path",
        "Requests of this path, in which `*` stands for anything; without an extension, of the path with any.",
    ),
    Key("nth", Integer(1), "a number", "The nth matching request alone."),
    Key("after", Integer(), "a number", "Those after so many matching ones."),
    Key(
        "probability", Number(0, 1), "0 to 1", "Each by this randomness, the same from run to run with `--random-seed`."
    ),
    Key("times", Integer(1), "a number", "So many at most."),
)
KEYS = {key.name: key for key in (*MATCH_KEYS, *(key for kind in KINDS for key in kind.keys))}
_FIELDS = {name: key.kind for name, key in KEYS.items()}


class Keys(kinds.Keys, total=False):
    """The keywords of a rule in Python, beside ``method`` and ``path``."""

    nth: int
    after: int
    probability: float
    times: int


class Seen(NamedTuple):
    """What rules look at: a request, or the moment at which it turns out to be an upgrade."""

    method: str
    path: str
    upgrade: bool = False


@dataclass(frozen=True)
class Rule:
    """``values`` are what its document says, by key."""

    values: Mapping[str, Any]

    @cached_property
    def kinds(self) -> tuple[FaultKind, ...]:
        """What goes wrong."""
        return tuple(kind for kind in KINDS if kind.name in self.values)

    @cached_property
    def _at_upgrade(self) -> bool:
        return any(kind.at_upgrade for kind in self.kinds)

    @cached_property
    def _path(self) -> re.Pattern[str]:
        return re.compile(fnmatch.translate(self.values.get("path", "*")))

    def matches(self, seen: Seen) -> bool:
        """Whether the rule is about a request. ``/instances/*`` is about ``/instances/7.json``, too."""
        if seen.upgrade != self._at_upgrade or self.values.get("method", seen.method) != seen.method:
            return False
        path = seen.path.rstrip("/") or "/"
        folder, slash, name = path.rpartition("/")
        return any(self._path.match(form) for form in (path, f"{folder}{slash}{name.partition('.')[0]}"))

    def applies(self, match: Match, applied: int) -> bool:
        """Whether the rule, having applied so often, applies to a request that it matches."""
        return (
            applied < self.values.get("times", applied + 1)
            and match.count == self.values.get("nth", match.count)
            and match.count > self.values.get("after", 0)
            and ("probability" not in self.values or match.uniform("probability") < self.values["probability"])
        )

    def begin(self, match: Match, exchange: Exchange) -> None:
        """Do what has to be done before the request is carried out. Raises RequestError to answer it instead."""
        for kind in self.kinds:
            kind.begin(match, exchange)

    def finish(self, match: Match, exchange: Exchange) -> None:
        """Do what has to be done to the answer."""
        for kind in self.kinds:
            kind.finish(match, exchange)


def parse_rule(document: object, where: str = "") -> Rule:
    """The rule that a document describes. Raises Invalid with every mistake, each after ``where``."""
    contradictions = [f"{where}{message}" for message in _contradictions(document)]
    try:
        values = validation.parse_fields(document, _FIELDS, where=where)
    except Invalid as error:
        raise Invalid([*error.messages, *contradictions]) from error
    if contradictions:
        raise Invalid(contradictions)
    return Rule(values)


def _contradictions(document: object) -> Iterator[str]:
    """What keys cannot mean together, whatever their values."""
    given = {name for name, value in document.items() if value is not None} if isinstance(document, dict) else None
    if given is None:
        return
    present = [kind for kind in KINDS if kind.name in given]
    for kind in KINDS:
        extra = [key.name for key in kind.keys[1:] if key.name in given]
        if kind not in present:
            yield from (f"{name} can't be given without {kind.name}" for name in extra)
    for kind in present:
        yield from (f"{kind.name} can't be given together with {name}" for name in kind.conflicts if name in given)
    if {"nth", "after"} <= given:
        yield "nth can't be given together with after"
    if not present and given <= KEYS.keys():
        yield f"nothing goes wrong by this rule: give it one of {', '.join(kind.name for kind in KINDS)}"
