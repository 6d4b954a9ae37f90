"""What the use cases share: the state, the engine, and the locks on them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed
from rtgmock.locks import KeyedLocks, SharedLock
from rtgmock.service.health import InstanceHealth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.clock import Clock
    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record
    from rtgmock.randomness import Randomness
    from rtgmock.settings.config import Config
    from rtgmock.storage.store import Store


@dataclass
class ServiceContext:
    """The parts that the use cases work with.

    There are three locks. They are taken in this order, so that no two threads wait for each other:

    1. ``state_lock``: shared by every change of an instance, exclusive for what replaces the whole state.
    2. ``instance_locks``: one lock for each instance, held while its Redis and its record change together.
    3. The store's transaction: short, never held while a Redis starts, changes or stops.

    Reads take no lock but the transaction in which they count themselves. A create needs no instance lock, since
    no other thread knows its id.
    """

    config: Config
    store: Store
    clock: Clock
    randomness: Randomness
    engine: Engine
    state_lock: SharedLock = field(default_factory=SharedLock)
    instance_locks: KeyedLocks = field(default_factory=KeyedLocks)
    health: InstanceHealth = field(init=False)

    leftovers: set[int] = field(default_factory=set)
    """Ids of failed creates whose Redis or data could not be removed yet."""

    def __post_init__(self) -> None:
        self.health = InstanceHealth(self.engine, self.clock)

    @contextlib.contextmanager
    def instance_lock(self, instance_id: int) -> Iterator[None]:
        """Hold what a change of an existing instance needs: the shared state lock, then the instance's lock.

        Meanwhile nothing counts that is seen of its Redis: that and the record may differ in the middle of a change.
        """
        with self.state_lock.shared(), self.instance_locks.of(instance_id), self.engine.changing(instance_id):
            yield

    def remove_leftovers(self, instance_id: int) -> None:
        """Remove the Redis and the data of a failed create; note the id for a later attempt if the engine cannot."""
        try:
            self.engine.destroy(instance_id)
            self.leftovers.discard(instance_id)
        except EngineFailed:  # the create is answered with its own error, which says more
            self.leftovers.add(instance_id)

    def patch(self, instance_id: int, changes: Record) -> None:
        """Write changes into the stored record, if the instance still exists.

        The record is read again in the transaction: reads, which hold no instance lock, may have changed its status.
        """
        if changes:
            with self.store.transaction() as change:
                record = self.store.instance(instance_id)
                if record is not None:
                    change.put_instance(record | changes)
