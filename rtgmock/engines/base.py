"""The interface between the use cases and the engines that run the instances' Redis servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from rtgmock.model.types import Record


class RedisAction(StrEnum):
    """What the control API can do to an instance's Redis."""

    STOP = "stop"
    START = "start"
    RESTART = "restart"
    FREEZE = "freeze"
    THAW = "thaw"
    PAUSE = "pause"
    DROP = "drop"


class Condition(StrEnum):
    """In what condition an instance's Redis was when it was last looked at."""

    ANSWERS = "answers"
    HANGS = "hangs"
    """It runs, but does not answer in time, or it still loads its data."""
    DOWN = "down"
    """Nothing listens at its address."""
    INACCESSIBLE = "inaccessible"
    """It runs, but the instance's URL does not open it: a client has changed its password or its port."""


@dataclass(frozen=True)
class Observation:
    """What was seen of an instance's Redis: its condition, and the attributes that it knows better than the record."""

    condition: Condition
    attributes: Record = field(default_factory=dict)

    @property
    def is_lost(self) -> bool:
        """Whether the Redis is to be brought back. One that hangs is not: it would lose what it has in memory."""
        return self.condition in {Condition.DOWN, Condition.INACCESSIBLE}


class Engine(Protocol):
    """Runs the instances' Redis servers.

    Every method may be called from any thread. A method that cannot do its work raises EngineFailed. All may wait for
    a Redis or for Docker, except ``observation`` and ``changing``.
    """

    name: str
    description: str
    """Lines for the banner: the engine and where it runs the servers, or why it runs none and how to get some."""
    problem: str
    """Why ``auto`` has found no engine that runs servers, and how to get one; else empty."""
    real: bool
    """Whether the engine runs Redis servers at all."""
    hostname: str | None
    """The host for the instances' URLs; None when it is the host by which the client reached the API."""

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first of the ports that a new instance can have; None when it can have none of them."""
        ...

    def start(self, record: Record, account: str) -> str:
        """Start an instance's Redis on its existing data, and return its version once it answers.

        If it fails, everything that the attempt made is removed; data that existed before stays.
        """
        ...

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Change a running Redis from ``before`` to ``after``, but for what would replace its data.

        If it fails, nothing has changed.
        """
        ...

    def take_back(self, before: Record, after: Record, account: str) -> None:
        """Change a Redis back that ``apply`` has changed, since the record stays; now, or as soon as it takes that.

        It never fails.
        """
        ...

    def settle(self, before: Record, after: Record, account: str) -> None:
        """Complete a change that ``apply`` has made, once its record is stored: now, or as soon as the Redis takes it.

        What replaces or deletes data is done here, since it cannot be taken back. It never fails.
        """
        ...

    def used_memory(self, record: Record) -> int:
        """Return the bytes that the data of a running Redis takes."""
        ...

    def bring_back(self, record: Record, account: str) -> str:
        """Start an instance's Redis if it does not run, or restart it if its URL does not open; return its version.

        It keeps its data. One that runs and hangs is left as it is.
        """
        ...

    def observation(self, instance_id: int) -> Observation:
        """Return what was last seen of an instance's Redis, without waiting for anything."""
        ...

    def changing(self, instance_id: int) -> AbstractContextManager[None]:
        """Let nothing count that is seen of a Redis during the block, in which it changes together with its record."""
        ...

    def monitor(self, instances: Callable[[], Iterable[tuple[Record, str]]], report: Callable[[int], None]) -> None:
        """Observe the Redis servers of all instances from now on, twice a second, until ``close``.

        ``instances`` returns the records, each with its account's name. ``report`` is called with the id of an
        instance whose Redis is lost, or differs from its record; it must not wait for anything.
        """
        ...

    def cancel_starts(self) -> None:
        """Let every start fail that is waited for, now and from now on, since the emulator ends."""
        ...

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Perform an action on an instance's Redis; ``milliseconds`` is the length of a pause."""
        ...

    def check(self) -> None:
        """Return if the engine can be reached at all."""
        ...

    def present(self) -> set[int]:
        """Return the ids of all instances of which there is a Redis or data, of this state, known to it or not."""
        ...

    def adopt(self, instance_id: int) -> None:
        """Take over the Redis that an earlier emulator has left running for an instance, or stop it."""
        ...

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's Redis and its data, if there are any."""
        ...

    def close(self) -> None:
        """Stop every Redis and let it save; remove all data if the state is not kept."""
        ...
