"""What the use cases share: the state, the engine, and the locks on them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtgmock.locks import KeyedLocks, SharedLock
from rtgmock.service.health import InstanceHealth
from rtgmock.service.leftovers import Leftovers

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

    Reads take no lock but the transaction in which they count themselves. A create needs an instance lock only to
    remove what another state's instance of its id has left, since no other thread knows its id otherwise.
    """

    config: Config
    store: Store
    clock: Clock
    randomness: Randomness
    engine: Engine
    state_lock: SharedLock = field(default_factory=SharedLock)
    instance_locks: KeyedLocks = field(default_factory=KeyedLocks)
    leftovers: Leftovers = field(init=False)
    health: InstanceHealth = field(init=False)

    def __post_init__(self) -> None:
        self.leftovers = Leftovers(self.engine, self.store, self.instance_locks)
        self.health = InstanceHealth(self.engine, self.clock, self.leftovers)

    @contextlib.contextmanager
    def instance_lock(self, instance_id: int) -> Iterator[None]:
        """Hold what a change of an existing instance needs: the shared state lock, then the instance's lock.

        Meanwhile nothing counts that is seen of its Redis: that and the record may differ in the middle of a change.
        """
        with self.state_lock.shared(), self.instance_locks.of(instance_id), self.engine.changing(instance_id):
            yield

    def patch(self, instance_id: int, changes: Record) -> None:
        """Write changes into the stored record, if the instance still exists.

        The record is read again in the transaction: reads, which hold no instance lock, may have changed its status.
        """
        if changes:
            with self.store.transaction() as change:
                record = self.store.instance(instance_id)
                if record is not None:
                    change.put_instance(record | changes)
