"""The engine without Redis servers: instances have well-formed URLs, and nothing listens there."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from rtgmock.engines.base import Condition, Observation
from rtgmock.settings.engine_names import EngineName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from rtgmock.engines.base import RedisAction
    from rtgmock.model.types import Record


_WELL = Observation(Condition.ANSWERS)


class OffEngine:
    """An Engine that runs nothing, so that every method succeeds without doing anything."""

    name: str = EngineName.OFF.value
    real = False
    hostname: str | None = None

    def __init__(self, reasons: Sequence[str] = (), advice: str = "") -> None:
        """Make the engine; where no other one can be had, ``reasons`` say why, and ``advice`` how to get one."""
        self.description = "off: URLs are well-formed, nothing listens there"
        self.problem = ""
        if reasons:
            self.description = "\n".join([self.description, *reasons, f"to get a Redis: {advice}"])
            self.problem = f"no Redis can be run: {'; '.join(reasons)}; to get one: {advice}"

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port: nothing will listen on it, so it does not matter who else does."""
        return next(iter(candidates), None)

    def start(self, record: Record, account: str) -> str:  # noqa: ARG002
        """Return the version in the record, as there is no server to ask."""
        version: str = record["version"]
        return version

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Do nothing: the change is in the record."""

    def take_back(self, before: Record, after: Record, account: str) -> None:
        """Do nothing."""

    def settle(self, before: Record, after: Record, account: str) -> None:
        """Do nothing."""

    def used_memory(self, record: Record) -> int:  # noqa: ARG002
        """Return 0, so that every downgrade is possible."""
        return 0

    def bring_back(self, record: Record, account: str) -> str:  # noqa: ARG002
        """Return the version in the record."""
        version: str = record["version"]
        return version

    def observation(self, instance_id: int) -> Observation:  # noqa: ARG002
        """Return that all is well, so that every record stays as it is."""
        return _WELL

    def changing(self, instance_id: int) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing."""
        return nullcontext()

    def monitor(self, instances: Callable[[], Iterable[tuple[Record, str]]], report: Callable[[int], None]) -> None:
        """Do nothing."""

    def cancel_starts(self) -> None:
        """Do nothing."""

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Do nothing."""

    def destroy(self, instance_id: int) -> None:
        """Do nothing."""

    def check(self) -> None:
        """Do nothing."""

    def present(self) -> set[int]:
        """Return that there is nothing."""
        return set()

    def adopt(self, instance_id: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
