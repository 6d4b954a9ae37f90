"""An engine that is built when it is needed: an emulator without instances starts without the time that this takes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record


class DeferredEngine:
    """An Engine on a state of which there is no Redis and no data yet. Each call that is not below builds the real one.

    redis-py and psutil take 100 ms to import, a third of a start.
    """

    real = True
    problem = ""
    hostname: str | None = None

    def __init__(self, name: str, description: str, build: Callable[[], Engine]) -> None:
        self.name = name
        self.description = description
        self._make = build
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._begin: list[Callable[[Engine], None]] = []
        """What the engine is told as soon as it is built."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.build(), name)

    def build(self) -> Engine:
        """Return the real engine, which is built if it is not yet. Raises EngineFailed."""
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = self._build_now()
        return self._engine

    def _build_now(self) -> Engine:
        try:
            engine = self._make()
        except OSError as error:
            raise EngineFailed(f"The Redis servers have no folder for their data: {error}") from error
        for tell in self._begin:
            tell(engine)
        return engine

    def _tell(self, tell: Callable[[Engine], None]) -> None:
        with self._lock:
            self._begin.append(tell)
            if self._engine is not None:
                tell(self._engine)

    def monitor(self, instances: Callable[[], Iterable[tuple[Record, str]]], report: Callable[[int], None]) -> None:
        """Observe all instances once there can be any."""
        self._tell(lambda engine: engine.monitor(instances, report))

    def cancel_starts(self) -> None:
        """Let every start fail from now on."""
        self._tell(lambda engine: engine.cancel_starts())

    def present(self) -> set[int]:
        """Return nothing as long as nothing was started."""
        return set() if self._engine is None else self._engine.present()

    def close(self) -> None:
        """Stop every Redis, if any was started."""
        if self._engine is not None:
            self._engine.close()
