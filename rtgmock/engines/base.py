"""The interface between the use cases and the engines that run the instances' Redis servers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Engine(Protocol):
    """Runs the instances' Redis servers.

    Every method may be called from any thread. A method that cannot do its work raises EngineFailed.
    """

    name: str
    description: str
    """One line for the banner: the engine and where it runs the servers."""
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
        """Change a running Redis from ``before`` to ``after``. If it fails, nothing has changed."""
        ...

    def used_memory(self, record: Record) -> int:
        """Return the bytes that the data of a running Redis takes."""
        ...

    def is_alive(self, record: Record) -> bool:
        """Return whether the instance's Redis runs. If not, ``start`` brings it back."""
        ...

    def probe(self, record: Record) -> Record | None:
        """Return the attributes that the running Redis knows better than the record; None if it does not answer."""
        ...

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Perform an action on an instance's Redis; ``milliseconds`` is the length of a pause."""
        ...

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's Redis and its data."""
        ...

    def remove_orphans(self, known: Iterable[int]) -> None:
        """Remove the servers and data of instances other than ``known``, and adopt the servers of those."""
        ...

    def close(self) -> None:
        """Stop every Redis and let it save; remove all data if the state is not kept."""
        ...
