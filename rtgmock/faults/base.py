"""What a kind of fault consists of: the keys of its rules, and what it does to a request and its response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from rtgmock.errors import RequestError
from rtgmock.model.types import InvalidValue, ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.faults.connection import Connection
    from rtgmock.randomness import Randomness


class RuleKey(NamedTuple):
    """A key of a rule. ``values`` and ``help`` are for the README: what the value may be, and what the key does."""

    name: str
    value_type: ValueType
    values: str
    help: str


@dataclass(frozen=True)
class Mode(ValueType):
    """One of a few words; ``true`` means the first of them."""

    modes: tuple[str, ...]

    def parse(self, raw: object) -> str:
        """Return the word. Raises InvalidValue for any other value."""
        if raw is True:
            return self.modes[0]
        if not isinstance(raw, str) or raw not in self.modes:
            raise InvalidValue(f"must be true or {' or '.join(self.modes)}")
        return raw


class HttpExchange(Protocol):
    """A request and its response, as far as faults read or change them."""

    @property
    def method(self) -> str:
        """The request's method, after an override."""
        ...

    @property
    def path(self) -> str:
        """The request's path, printable in a sentence."""
        ...

    @property
    def allowed(self) -> set[str]:
        """The other methods that the path accepts."""
        ...

    @property
    def length(self) -> int:
        """The length of the response body in bytes."""
        ...

    @property
    def connection(self) -> Connection:
        """The connection of the request."""
        ...

    def set_content_type(self, content_type: str) -> None:
        """Replace the response's ``Content-Type``."""
        ...


@dataclass(frozen=True)
class Match:
    """One request that a rule matches: the rule's id and values, and the number of the match, from 1."""

    fault_id: int
    count: int
    values: Mapping[str, Any]
    randomness: Randomness

    def uniform(self, purpose: str) -> float:
        """Return a random float in [0, 1); with a seed always the same for the same match of the same rule."""
        # Drawn by id and count and not from one sequence, so that other rules and threads don't change it.
        return self.randomness.uniform(purpose, self.fault_id, self.count)


class InjectedError(RequestError):
    """An error of any status, as a rule asks for it."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message, headers=headers)
        self.status = status


class FaultKind:
    """A kind of fault. A rule that has the first of ``keys`` is of this kind; a rule may be of several kinds."""

    keys: ClassVar[tuple[RuleKey, ...]]
    conflicts: ClassVar[tuple[str, ...]] = ()
    """The kinds that a rule of this kind cannot have as well."""
    # Such a rule cannot match a whole request: whether there is room is known only in the middle of one.
    at_upgrade: ClassVar[bool] = False
    """Whether its rules match only upgrades that there is room for."""

    @property
    def name(self) -> str:
        """The key that names the kind."""
        return self.keys[0].name

    def on_request(self, match: Match, exchange: HttpExchange) -> None:
        """Act before the request is carried out. Raises RequestError to answer it with that error instead."""

    def on_response(self, match: Match, exchange: HttpExchange) -> None:
        """Act on the response before it is sent."""
