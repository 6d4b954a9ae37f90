"""What a kind of fault is: the keys that it is written with, and what it does to a request and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from rtgmock.errors import RequestError
from rtgmock.model.types import InvalidValue, ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.faults.connection import Connection
    from rtgmock.randomness import Randomness


class Key(NamedTuple):
    """A key of a rule: what it may hold, in a kind's terms and in words, and what it means."""

    name: str
    kind: ValueType
    values: str
    help: str


@dataclass(frozen=True)
class Mode(ValueType):
    """One of a few words; ``true`` stands for the first."""

    modes: tuple[str, ...]

    def parse(self, raw: object) -> str:
        """The word, spelt as it is here."""
        if raw is True:
            return self.modes[0]
        if not isinstance(raw, str) or raw not in self.modes:
            raise InvalidValue(f"must be true or {' or '.join(self.modes)}")
        return raw


class Exchange(Protocol):
    """A request and its answer, as far as faults may meddle with them."""

    @property
    def method(self) -> str:
        """The method that the request stands for."""
        ...

    @property
    def path(self) -> str:
        """The path, fit for a sentence."""
        ...

    @property
    def allowed(self) -> set[str]:
        """The other methods that the path has."""
        ...

    @property
    def length(self) -> int:
        """The bytes of the answer's body."""
        ...

    @property
    def connection(self) -> Connection:
        """What the request came by."""
        ...

    def relabel(self, content_type: str) -> None:
        """Give the answer another ``Content-Type``."""
        ...


@dataclass(frozen=True)
class Match:
    """One request that a rule applies to: the rule's id and values, and the how manieth of its matches this is."""

    fault_id: int
    count: int
    values: Mapping[str, Any]
    randomness: Randomness

    def uniform(self, purpose: str) -> float:
        """From 0 up to 1; with a seed the same for the same match of the same rule."""
        return self.randomness.uniform(purpose, self.fault_id, self.count)


class InjectedError(RequestError):
    """An error of any status, as a fault rule asks for it."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message, headers=headers)
        self.status = status


class FaultKind:
    """A kind of fault. The first of its ``keys`` names it, and makes a rule one of this kind."""

    keys: ClassVar[tuple[Key, ...]]
    conflicts: ClassVar[tuple[str, ...]] = ()
    """The kinds that one rule can't have beside this one."""
    at_upgrade: ClassVar[bool] = False
    """Whether rules of this kind match upgrades that there is room for, and nothing else."""

    @property
    def name(self) -> str:
        """The key that names the kind."""
        return self.keys[0].name

    def begin(self, match: Match, exchange: Exchange) -> None:
        """Act before the request is carried out. Raises RequestError to answer it instead."""

    def finish(self, match: Match, exchange: Exchange) -> None:
        """Act on the answer before it goes out."""
