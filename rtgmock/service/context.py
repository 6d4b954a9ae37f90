"""What the use cases have in common: the records, the engine, and who may touch which instance when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed
from rtgmock.locks import KeyedLocks, SharedLock
from rtgmock.service.health import InstanceHealth

if TYPE_CHECKING:
    from rtgmock.clock import Clock
    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record
    from rtgmock.randomness import Randomness
    from rtgmock.settings.config import Config
    from rtgmock.storage.store import Store


@dataclass
class ServiceContext:
    """Whoever changes an instance is ``shared`` at the gate and holds the instance's lock, in this order."""

    config: Config
    store: Store
    clock: Clock
    randomness: Randomness
    engine: Engine
    exclusion: SharedLock = field(default_factory=SharedLock)
    locks: KeyedLocks = field(default_factory=KeyedLocks)
    health: InstanceHealth = field(init=False)

    discarded: set[int] = field(default_factory=set)
    """Instances of which something may be left that could not be removed yet."""

    def __post_init__(self) -> None:
        self.health = InstanceHealth(self.engine, self.clock)

    def discard(self, instance_id: int) -> None:
        """Remove what a create that failed has left, now or when the engine can."""
        try:
            self.engine.destroy(instance_id)
            self.discarded.discard(instance_id)
        except EngineFailed:  # what made the create fail is what its answer says
            self.discarded.add(instance_id)

    def patch(self, instance_id: int, changes: Record) -> None:
        """Write changes into a record, of which reads may meanwhile have changed something else."""
        if changes:
            with self.store.transaction() as change:
                record = self.store.instance(instance_id)
                if record is not None:
                    change.put_instance(record | changes)
