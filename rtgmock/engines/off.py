"""The engine without Redis servers: instances have well-formed URLs, and nothing listens there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.settings.engine_names import EngineName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.engines.base import RedisAction
    from rtgmock.model.types import Record


class OffEngine:
    """An Engine that runs nothing, so that every method succeeds without doing anything."""

    name: str = EngineName.OFF.value
    description = "off: URLs are well-formed, nothing listens there"
    real = False
    hostname: str | None = None

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port: nothing will listen on it, so it does not matter who else does."""
        return next(iter(candidates), None)

    def start(self, record: Record, account: str) -> str:  # noqa: ARG002
        """Return the version in the record, as there is no server to ask."""
        version: str = record["version"]
        return version

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Do nothing: the change is in the record."""

    def used_memory(self, record: Record) -> int:  # noqa: ARG002
        """Return 0, so that every downgrade is possible."""
        return 0

    def is_alive(self, record: Record) -> bool:  # noqa: ARG002
        """Return True, so that nothing is ever started."""
        return True

    def probe(self, record: Record) -> Record | None:  # noqa: ARG002
        """Return no attributes, so that the record stays as it is."""
        return {}

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Do nothing."""

    def destroy(self, instance_id: int) -> None:
        """Do nothing."""

    def remove_orphans(self, known: Iterable[int]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
