"""What clients can do with instances: list, get, create, update, destroy."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rtgmock.clock import timestamp
from rtgmock.errors import Invalid, NotFound
from rtgmock.model import attributes, lifecycle
from rtgmock.model.instances import follow_plan
from rtgmock.model.plans import PLANS
from rtgmock.service.creation import Creation, replica_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext
    from rtgmock.storage.transaction import Transaction


class Provisioner:
    """The use cases. Each account sees its own instances only; an error means that nothing has changed.

    An account is given by its name. Its number may change while a request waits for a lock, when a whole state
    is loaded, so the number is looked up where it is used: in the transaction, or in the same read of the store.
    """

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._config, self._store, self._engine = context.config, context.store, context.engine
        self._clock, self._health = context.clock, context.health
        self._placement, self._creation = context.placement, Creation(context)
        # An account that the settings no longer have keeps its number and its instances, for when it comes back.
        names = [account.name for account in self._config.initial_accounts]
        if not set(names) <= set(self._store.accounts()):
            with self._store.transaction() as change:
                change.add_accounts(names)

    @property
    def redis_hostname(self) -> str | None:
        """The host at which the engine's Redis servers are reached; None when it is the API's own host."""
        return self._engine.hostname

    def server_names(self, records: Iterable[Record]) -> dict[int, str]:
        """Return the names by id of the servers that instances are on, without a look at any other server."""
        return self._store.server_names({record["server_id"] for record in records})

    def list(self, account: str) -> list[Record]:
        """Return the account's instances, in the order in which they were created. Counts as a read of each."""
        records = self._store.instances(account)
        # A read changes an instance only while that boots; otherwise there is no transaction to wait for.
        if any(record["boot"] for record in records):
            with self._store.transaction() as change:
                records = [self._count_read(change, record) for record in self._store.instances(account)]
        return [self._health.refresh(record) for record in records]

    def get(self, account: str, instance_id: int) -> Record:
        """Return one instance. Counts as a read of it. Raises NotFound."""
        record = self.find(account, instance_id)
        if record["boot"] is not None:
            with self._store.transaction() as change:
                record = self._count_read(change, self.find(account, instance_id))
        return self._health.refresh(record)

    def find(self, account: str, instance_id: int) -> Record:
        """Return an instance as it is stored; unlike ``get``, this is no read that a boot may wait for.

        Raises NotFound, for another account's instance too.
        """
        record = self._store.instance(instance_id, account)
        if record is None:
            raise NotFound(
                f"There is no instance {instance_id} for the account {account}; "
                "GET /instances lists those that there are."
            )
        return record

    def create(self, account: str, values: Record, *, ports: range | None = None, boots: bool = True) -> Record:
        """Create an instance from valid attribute values and return its record, with the status ``new``.

        It gets a port of ``ports``, by default of the settings' range. Unless it ``boots``, it is running at once.
        Raises Invalid without a plan, or when there is no room; EngineFailed when its Redis cannot be started.
        """
        return self._creation.create(account, values, ports=ports, boots=boots)

    def update(
        self, account: str, instance_id: int, values: Record, *, fail_upgrade: Callable[[], bool] = bool
    ) -> tuple[Record, Record]:
        """Set valid attribute values, or upgrade the plan; return the record before and after.

        ``fail_upgrade`` is called when there is room for an upgrade; true makes it fail anyway (fault injection).
        Raises NotFound, Invalid, EngineFailed; then neither the record nor a live Redis has changed.
        """
        with self._lock_of(account, instance_id):
            before, after = self._plan_update(account, instance_id, values, fail_upgrade)
            try:
                self._apply(account, before, after)
            finally:
                self._placement.release(instance_id)
        return self._health.refresh(before), self._health.refresh(after)

    @contextlib.contextmanager
    def _lock_of(self, account: str, instance_id: int) -> Iterator[None]:
        """Hold the lock of an account's instance. Raises NotFound at once for another's.

        A request that waited for that lock would tell that there is such an instance, and keep its own account waiting.
        Under the lock the instance must be looked for again: it may be gone by then.
        """
        self.find(account, instance_id)
        with self._context.instance_lock(instance_id):
            yield

    def _plan_update(
        self, account: str, instance_id: int, values: Record, fail_upgrade: Callable[[], bool]
    ) -> tuple[Record, Record]:
        """Return an instance before and after an update, and reserve the memory that it will have.

        Needs the instance's lock, which keeps the record as it is while the Redis is asked about a downgrade.
        """
        before = self._with_current_status(self.find(account, instance_id))
        # A client that saves an instance sends all of it back (observed); only what differs is a change.
        changed = {name: value for name, value in values.items() if before[name] != value}
        if not changed:
            return before, before
        after = before | self._changes(before, changed) | {"updated_at": timestamp(self._clock.now())}
        with self._store.transaction():
            if "plan" in changed:
                self._placement.check_upgrade(before, PLANS[changed["plan"]], fail_upgrade)
            self._placement.reserve(after)
        return before, after

    def _changes(self, before: Record, changed: Record) -> Record:
        """Return all that an update changes in a record: an upgrade also changes what follows the plan.

        Raises Invalid, EngineFailed.
        """
        if "plan" not in changed:
            if problems := replica_problems(before | changed):
                raise Invalid(problems)
            return changed
        settings = [attributes.BY_NAME[name].human_name.lower() for name in changed if name != "plan"]
        if settings:
            raise Invalid([f"Plan can't be changed together with {', '.join(settings)}; send them in two requests"])
        plan = PLANS[changed["plan"]]
        self._placement.check_downgrade(before, plan)
        return follow_plan(plan)

    def _apply(self, account: str, before: Record, after: Record) -> None:
        """Change the Redis and the record, or neither. The Redis changes outside of any transaction."""
        if after == before:
            return
        self._engine.apply(before, after, account)
        try:
            self._context.patch(after["id"], {name: value for name, value in after.items() if before[name] != value})
        except BaseException:  # the record stays as it was, so the Redis must follow it again
            self._engine.take_back(before, after, account)
            raise
        self._engine.settle(before, after, account)

    def destroy(self, account: str, instance_id: int) -> None:
        """Remove an instance; its id is never given again. Raises NotFound, EngineFailed.

        The record goes first. What the engine then cannot destroy, the supervisor or the next start destroys later.
        """
        with self._lock_of(account, instance_id):
            self.find(account, instance_id)
            self._engine.check()
            with self._store.transaction() as change:
                change.remove_instance(instance_id)
            self._health.clear(instance_id)
            self._context.leftovers.add([instance_id])
            self._context.leftovers.try_to_remove(instance_id)

    def _with_current_status(self, record: Record) -> Record:
        """Return a record with the status that time has led to. Doesn't count as a read."""
        status, boot = lifecycle.settle(record["status"], record["boot"], self._clock.now())
        return record | {"status": status, "boot": boot}

    def _count_read(self, change: Transaction, record: Record) -> Record:
        """Count a read of an instance and return its record; the read may be the one that its boot waits for."""
        status, boot = lifecycle.read_once(record["status"], record["boot"], self._clock.now())
        if boot != record["boot"]:
            record |= {"status": status, "boot": boot}
            change.put_instance(record)
        return record
