"""What the use cases share: the state, the engine, and the locks on them."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtgmock.locks import KeyedLocks, SharedLock
from rtgmock.service.health import InstanceHealth
from rtgmock.service.leftovers import Leftovers
from rtgmock.service.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtgmock.clock import Clock
    from rtgmock.engines.base import Engine
    from rtgmock.model.types import Record
    from rtgmock.randomness import Randomness
    from rtgmock.settings.config import Config
    from rtgmock.storage.store import Store


@dataclass
class ServiceContext:
    """The parts that the use cases work with.

    There are four locks. They are taken in this order, so that no two threads wait for each other:

    1. ``state_lock``: shared by every change of an instance, exclusive for what replaces the whole state.
    2. ``account_locks``: shared by the creates of an account, exclusive for what replaces all of its instances.
    3. ``instance_locks``: one lock for each instance, held while its Redis and its record change together. A thread
       that holds several has taken them in the order of their ids.
    4. The store's transaction: short, never held while a Redis starts, changes or stops.

    Reads take no lock but the transaction in which they count themselves. A create needs an instance lock only to
    remove what another state's instance of its id has left, since no other thread knows its id otherwise.
    """

    config: Config
    store: Store
    clock: Clock
    randomness: Randomness
    engine: Engine
    state_lock: SharedLock = field(default_factory=SharedLock)
    account_locks: KeyedLocks[SharedLock] = field(default_factory=lambda: KeyedLocks(SharedLock))
    instance_locks: KeyedLocks[threading.RLock] = field(default_factory=lambda: KeyedLocks(threading.RLock))
    placement: Placement = field(init=False)
    leftovers: Leftovers = field(init=False)
    health: InstanceHealth = field(init=False)

    def __post_init__(self) -> None:
        self.placement = Placement(self.config, self.store, self.engine, self.randomness)
        self.leftovers = Leftovers(self.engine, self.store, self.instance_locks)
        self.health = InstanceHealth(self.engine, self.clock, self.leftovers)

    @contextlib.contextmanager
    def instance_lock(self, instance_id: int) -> Iterator[None]:
        """Hold what a change of an existing instance needs: the shared state lock, then the instance's lock.

        Meanwhile nothing counts that is seen of its Redis: that and the record may differ in the middle of a change.
        """
        with self.state_lock.shared(), self.instance_locks.of(instance_id), self.engine.changing(instance_id):
            yield

    @contextlib.contextmanager
    def account_lock(self, account: str, ids: Iterable[int]) -> Iterator[None]:
        """Hold what a change of all of an account's instances needs, those that are to get one of ``ids`` included.

        That is the shared state lock, the account's lock, and those of the instances as ``instance_lock`` holds one.
        """
        with (
            self.state_lock.shared(),
            self.account_locks.of(account).exclusive(),
            contextlib.ExitStack() as stack,
        ):
            # Until the locks are held, some of them may be deleted; none is created.
            for instance_id in sorted({*ids, *(record["id"] for record in self.store.instances(account))}):
                stack.enter_context(self.instance_locks.of(instance_id))
                stack.enter_context(self.engine.changing(instance_id))
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
