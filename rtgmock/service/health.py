"""Which Redis servers are looked after, and which a test has put into trouble and wants left alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtgmock.engines.base import RedisAction
from rtgmock.errors import Invalid
from rtgmock.model import lifecycle
from rtgmock.model.lifecycle import Event

if TYPE_CHECKING:
    from rtgmock.clock import Clock
    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record


class InstanceHealth:
    """Knows of each instance's Redis whether it is to be asked, and brought back when it is lost."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._stopped: set[int] = set()
        self._silent: dict[int, float] = {}
        """Until when, in ticks, a Redis cannot answer."""

    def live(self, record: Record) -> Record:
        """A record with what its Redis knows better, and failed when that is gone."""
        if not self.wanted(record["id"]):
            return record | {"status": "failed"} if record["id"] in self._stopped else record
        known = self._engine.probe(record)
        if known is None:
            return record | {"status": lifecycle.step(record["status"], Event.LOST)}
        return record | known

    def wanted(self, instance_id: int) -> bool:
        """Whether a Redis that doesn't run, or doesn't answer, is to be brought back."""
        return instance_id not in self._stopped and self._clock.ticks() >= self._silent.get(instance_id, 0)

    def trouble(self, record: Record, account: str, trouble: RedisAction, milliseconds: int) -> None:
        """Do to an instance's Redis what a test asks for. Raises Invalid where there is none, EngineFailed."""
        if not self._engine.real:
            need = f"action {trouble} needs a Redis, and the engine is {self._engine.name}"
            raise Invalid([f"{need}; restart with --redis process or --redis docker"])
        if trouble is RedisAction.STOP:
            self._stopped.add(record["id"])
        elif trouble is not RedisAction.FREEZE:
            self.forget(record["id"])
        self._engine.perform(record, account, trouble, milliseconds)
        if trouble is RedisAction.FREEZE:
            self._silent[record["id"]] = math.inf
        elif trouble is RedisAction.PAUSE:
            self._silent[record["id"]] = self._clock.ticks() + milliseconds / 1000

    def forget(self, instance_id: int) -> None:
        """Look after an instance's Redis as after any other, or after none any more."""
        self._stopped.discard(instance_id)
        self._silent.pop(instance_id, None)

    def reset(self) -> None:
        """Look after all."""
        self._stopped.clear()
        self._silent.clear()
