"""What runs one Redis server for each instance: the smaller interface behind which processes and containers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.model.types import Record


class Runner(Protocol):
    """Runs one Redis server for each instance: a process, or a container."""

    name: str
    description: str
    hostname: str | None

    def is_port_free(self, port: int) -> bool:
        """Whether the port can be listened on."""
        ...

    def launch(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Run a server with the configuration that ``write`` makes for its place."""
        ...

    def configure(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Let a server that is started again by others start with this configuration."""
        ...

    def address(self, record: Record) -> tuple[str, int]:
        """Where the emulator itself reaches a server. Raises OSError where that is nowhere."""
        ...

    def from_within(self, record: Record) -> Record:
        """The record with its master's address as the server itself reaches it."""
        ...

    def delete_snapshot(self, instance_id: int) -> None:
        """Make that the next start finds no snapshot."""
        ...

    def freeze(self, instance_id: int) -> None:
        """Let the server stand still, its connections open."""
        ...

    def thaw(self, instance_id: int) -> None:
        """Let the server go on."""
        ...

    def running(self, instance_id: int) -> bool:
        """Whether the server runs."""
        ...

    def log(self, instance_id: int) -> str:
        """The last lines that the server wrote."""
        ...

    def stop(self, instance_id: int) -> None:
        """Stop the server, letting it save."""
        ...

    def remove(self, instance_id: int) -> None:
        """Remove the server and its data."""
        ...

    def adopt(self, instance_id: int) -> None:
        """Make a server that an emulator which died has left ours, or end it."""
        ...

    def present(self) -> set[int]:
        """The instances of which there is anything."""
        ...

    def close(self) -> None:
        """Stop all servers that are running."""
        ...
