"""What an engine is: the one small interface behind which an instance's Redis runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.attributes import Record


class RedisAction(StrEnum):
    """What a test may do to an instance's Redis."""

    STOP = "stop"
    START = "start"
    RESTART = "restart"
    FREEZE = "freeze"
    THAW = "thaw"
    PAUSE = "pause"
    DROP = "drop"


class Engine(Protocol):
    """Runs the instances' Redis servers. Every method may be called from any thread; EngineFailed says why not."""

    name: str
    description: str
    """What the banner says of it."""
    real: bool
    """Whether there is a Redis at all."""
    hostname: str | None
    """Where clients find the Redis servers, when that is not where they find the API."""

    def is_port_free(self, port: int) -> bool:
        """Whether an instance may have this port."""
        ...

    def start(self, record: Record, account: str) -> str:
        """Start an instance's Redis on what data it has; return its version once it answers an authenticated PING.

        When it raises, nothing of the attempt is left but data that was there before.
        """
        ...

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Make a running Redis what ``after`` says; all of it, or none, when it raises."""
        ...

    def used_memory(self, record: Record) -> int:
        """The bytes that a live Redis holds."""
        ...

    def alive(self, record: Record) -> bool:
        """Whether the instance's Redis runs, so that it need not be started."""
        ...

    def probe(self, record: Record) -> Record | None:
        """The attributes of which the live Redis knows more than the record; None when it doesn't answer."""
        ...

    def trouble(self, record: Record, account: str, trouble: RedisAction, milliseconds: int) -> None:
        """Stop or start a Redis, freeze or thaw it, pause it for a while, or drop its clients' connections."""
        ...

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's Redis and its data."""
        ...

    def remove_orphans(self, known: Iterable[int]) -> None:
        """Remove what is there of instances that nobody knows any more."""
        ...

    def close(self) -> None:
        """Stop every Redis, saving what its persistence promises."""
        ...


class OffEngine:
    """No Redis: URLs are well-formed, and nothing listens there."""

    name = "off"
    description = "off: URLs are well-formed, nothing listens there"
    real = False
    hostname: str | None = None

    def is_port_free(self, port: int) -> bool:  # noqa: ARG002
        """Every port is: nothing is going to listen."""
        return True

    def start(self, record: Record, account: str) -> str:  # noqa: ARG002
        """Nothing to start; the version is the one that is on record."""
        version: str = record["version"]
        return version

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Nothing to change."""

    def used_memory(self, record: Record) -> int:  # noqa: ARG002
        """Nothing is held."""
        return 0

    def alive(self, record: Record) -> bool:  # noqa: ARG002
        """Nothing can die."""
        return True

    def probe(self, record: Record) -> Record | None:  # noqa: ARG002
        """Nothing to see."""
        return {}

    def trouble(self, record: Record, account: str, trouble: RedisAction, milliseconds: int) -> None:
        """Nothing to trouble."""

    def destroy(self, instance_id: int) -> None:
        """Nothing to remove."""

    def remove_orphans(self, known: Iterable[int]) -> None:
        """Nothing is there."""

    def close(self) -> None:
        """Nothing to stop."""
