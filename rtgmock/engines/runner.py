"""The interface between the Redis engine and what runs the servers: child processes or containers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.model.types import Record


@dataclass(frozen=True)
class Place:
    """Where a server listens and keeps its files, as the server itself sees it: values of redis.conf directives."""

    port: int
    bind: str
    folder: str


class Runner(Protocol):
    """Runs one Redis server per instance, with the configuration that it receives.

    A method that cannot do its work raises EngineFailed.
    """

    name: str
    description: str
    hostname: str | None
    administrator: str | None
    """The password of the emulator's own user, where the others may not change settings; None where they may.

    Redis 7 and later refuse the settings by which a client could reach the machine; Redis 6.2 has to be told.
    """

    def check(self) -> None:
        """Return if servers can be run at all: if Docker answers."""
        ...

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first of the ports that a new server can have, or None.

        A port of which only the server's start can tell that it is taken counts as free.
        """
        ...

    def place(self, record: Record) -> Place:
        """Return where the instance's server listens and keeps its files."""
        ...

    def resolve_master(self, record: Record) -> Record:
        """Return the record with its master's address as the instance's server reaches it."""
        ...

    def launch(self, record: Record, configuration: str) -> None:
        """Start a server with this redis.conf, on the data that the instance has, and replace one that runs."""
        ...

    def configure(self, record: Record, configuration: str) -> None:
        """Store the redis.conf for a restart that the emulator does not make, such as Docker's own."""
        ...

    def address(self, record: Record) -> tuple[str, int]:
        """Return host and port by which the emulator reaches a server. Raises OSError when it has no address."""
        ...

    def delete_snapshot(self, instance_id: int) -> None:
        """Delete the snapshot file, so that the next start finds no data."""
        ...

    def freeze(self, instance_id: int) -> None:
        """Suspend the server; its connections stay open."""
        ...

    def thaw(self, instance_id: int) -> None:
        """Resume a suspended server."""
        ...

    def report_ends(self, report: Callable[[int], None]) -> None:
        """Call ``report`` from now on with the id of an instance whose server has ended by itself.

        A runner that does not learn of that at once need not do it: the monitor finds it out.
        """
        ...

    def is_running(self, instance_id: int) -> bool:
        """Return whether the server runs; False when that cannot be known."""
        ...

    def is_own(self, instance_id: int, process_id: int) -> bool:
        """Return whether the server that answers, with this process id as it sees it, may be the instance's."""
        ...

    def log(self, instance_id: int) -> str:
        """Return the last lines of the server's log."""
        ...

    def stop(self, instance_id: int) -> None:
        """Stop the server and let it save. Raises EngineFailed if it cannot save; then it runs on."""
        ...

    def remove(self, instance_id: int) -> None:
        """Remove the server and its data."""
        ...

    def adopt(self, instance_id: int) -> None:
        """Take over the server that an earlier emulator of this state has left, or stop it."""
        ...

    def present(self) -> set[int]:
        """Return the ids of the instances that have a server or data."""
        ...

    def close(self) -> None:
        """Stop all servers, also those that cannot save; remove their data if the state is not kept."""
        ...


def warn_of_kill(instance_id: int, reason: str) -> None:
    """Log that a server was killed which was told to end: why, and what that means for its data."""
    logging.getLogger("rtgmock").warning(
        "the Redis of instance %d %s and was killed: what it had not saved is lost", instance_id, reason
    )
