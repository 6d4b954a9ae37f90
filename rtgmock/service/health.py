"""The state of each instance's Redis: whether it is to be kept running, and what it knows better than the record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtgmock.engines.base import Condition, RedisAction
from rtgmock.errors import EngineFailed, Invalid
from rtgmock.model import lifecycle
from rtgmock.model.lifecycle import Event, Status
from rtgmock.settings.engine_names import REAL_ENGINES

if TYPE_CHECKING:
    from rtgmock.clock import Clock
    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record
    from rtgmock.service.leftovers import Leftovers


_AFTER_PAUSE = 1.0
"""Seconds that a Redis has after its pause until it must have been seen to answer."""


class InstanceHealth:
    """Tells a Redis that died, which is to be brought back, from one that a test has stopped or frozen.

    ``perform`` and ``clear`` need the instance's lock; the other methods may be called without one.
    """

    def __init__(self, engine: Engine, clock: Clock, leftovers: Leftovers) -> None:
        self._engine = engine
        self._clock = clock
        self._leftovers = leftovers
        self._stopped: set[int] = set()
        self._silent_until: dict[int, float] = {}
        """The tick at which a frozen or paused Redis answers again; infinite for a frozen one."""

    def refresh(self, record: Record) -> Record:
        """Return a record with what its Redis was last seen to report, and ``failed`` if it did not answer.

        This waits for nothing: the engine observes all Redis servers twice a second.
        """
        if not self._engine.real:
            return record
        instance_id = record["id"]
        # What runs under the id of a former instance that is not removed yet is not this one's Redis.
        if instance_id in self._stopped or instance_id in self._leftovers:
            return record | {"status": Status.FAILED.value}
        seen = self._engine.observation(instance_id)
        # A frozen or paused Redis does not answer, and its instance shows the status that it had.
        if seen.condition is Condition.ANSWERS or not self.is_supervised(instance_id):
            return record | seen.attributes
        return record | {"status": lifecycle.step(record["status"], Event.LOST)}

    def is_supervised(self, instance_id: int) -> bool:
        """Return whether a Redis is to be brought back when it does not run or does not answer."""
        return instance_id not in self._stopped and self._clock.ticks() >= self._silent_until.get(instance_id, 0)

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Perform an action on an instance's Redis; ``milliseconds`` is the length of a pause.

        Raises Invalid when the engine runs no Redis, EngineFailed.
        """
        if not self._engine.real:
            need = f"action {action} needs a Redis, and the engine is {self._engine.name}"
            options = " or ".join(f"--redis {name}" for name in REAL_ENGINES)
            raise Invalid([f"{need}; restart with {options}"])
        # A stop is noted before it happens: the supervisor must not bring the Redis back in between. A silence is
        # noted after it has begun, since an action that fails leaves a Redis that answers.
        if action is RedisAction.STOP:
            self._stop(record, account)
            return
        if action is not RedisAction.FREEZE:
            self.clear(record["id"])
        self._engine.perform(record, account, action, milliseconds)
        if action is RedisAction.FREEZE:
            self._silent_until[record["id"]] = math.inf
        elif action is RedisAction.PAUSE:
            self._silent_until[record["id"]] = self._clock.ticks() + milliseconds / 1000 + _AFTER_PAUSE

    def _stop(self, record: Record, account: str) -> None:
        was_stopped = record["id"] in self._stopped
        self._stopped.add(record["id"])
        try:
            self._engine.perform(record, account, RedisAction.STOP, 0)
        except EngineFailed:  # it cannot save, and runs on
            if not was_stopped:
                self._stopped.discard(record["id"])
            raise

    def clear(self, instance_id: int) -> None:
        """Forget that an instance's Redis was stopped or silenced."""
        self._stopped.discard(instance_id)
        self._silent_until.pop(instance_id, None)

    def clear_all(self) -> None:
        """Forget all stops and silences. Needs the exclusive state lock."""
        self._stopped.clear()
        self._silent_until.clear()
