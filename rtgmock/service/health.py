"""The state of each instance's Redis: whether it is to be kept running, and what it knows better than the record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtgmock.engines.base import RedisAction
from rtgmock.errors import Invalid
from rtgmock.model import lifecycle
from rtgmock.model.lifecycle import Event
from rtgmock.settings.engine_names import REAL_ENGINES

if TYPE_CHECKING:
    from rtgmock.clock import Clock
    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record


class InstanceHealth:
    """Tells a Redis that died, which is to be brought back, from one that a test has stopped or frozen.

    ``perform`` and ``clear`` need the instance's lock; the other methods may be called without one.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._stopped: set[int] = set()
        self._silent_until: dict[int, float] = {}
        """The tick at which a frozen or paused Redis answers again; infinite for a frozen one."""

    def refresh(self, record: Record) -> Record:
        """Return a record with what its Redis reports, and with the status ``failed`` when it does not answer."""
        # A frozen or paused Redis would keep a probe waiting; its instance shows the status that it had.
        if not self.is_supervised(record["id"]):
            return record | {"status": "failed"} if record["id"] in self._stopped else record
        reported = self._engine.probe(record)
        if reported is None:
            return record | {"status": lifecycle.step(record["status"], Event.LOST)}
        return record | reported

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
            self._stopped.add(record["id"])
        elif action is not RedisAction.FREEZE:
            self.clear(record["id"])
        self._engine.perform(record, account, action, milliseconds)
        if action is RedisAction.FREEZE:
            self._silent_until[record["id"]] = math.inf
        elif action is RedisAction.PAUSE:
            self._silent_until[record["id"]] = self._clock.ticks() + milliseconds / 1000

    def clear(self, instance_id: int) -> None:
        """Forget that an instance's Redis was stopped or silenced."""
        self._stopped.discard(instance_id)
        self._silent_until.pop(instance_id, None)

    def clear_all(self) -> None:
        """Forget all stops and silences. Needs the exclusive state lock."""
        self._stopped.clear()
        self._silent_until.clear()
