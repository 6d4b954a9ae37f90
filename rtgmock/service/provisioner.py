"""What clients can do with instances: list, get, create, update, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.clock import timestamp
from rtgmock.errors import EngineFailed, Invalid, NotFound
from rtgmock.model import attributes, lifecycle
from rtgmock.model.instances import default_label, follow_plan, new_instance
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS, Plan
from rtgmock.service.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext
    from rtgmock.storage.store import Transaction


class Provisioner:
    """The use cases. Each account sees its own instances only; an error means that nothing has changed.

    An account is given by its name. Its number may change while a request waits for a lock, when a whole state
    is loaded, so the number is looked up where it is used: in the transaction, or in the same read of the store.
    """

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._config, self._store, self._engine = context.config, context.store, context.engine
        self._clock, self._randomness = context.clock, context.randomness
        self._placement = Placement(self._config, self._store, self._engine, self._randomness)
        names = [account.name for account in self._config.accounts]
        if not set(names) <= set(self._store.accounts()):
            with self._store.transaction() as change:
                change.add_accounts(names)

    @property
    def redis_hostname(self) -> str | None:
        """The host at which the engine's Redis servers are reached; None when it is the API's own host."""
        return self._engine.hostname

    def server_names(self) -> dict[int, str]:
        """Return the servers' names by id."""
        return {server_id: server.name for server_id, server in self._store.servers().items()}

    def list(self, account: str) -> list[Record]:
        """The account's instances, in the order in which they were made."""
        records = self._store.instances(account)
        if any(record["boot"] for record in records):
            with self._store.transaction() as change:
                records = [self._observed(change, record) for record in self._store.instances(account)]
        return [self._context.health.live(record) for record in records]

    def get(self, account: str, instance_id: int) -> Record:
        """One instance. Raises NotFound."""
        record = self.find(account, instance_id)
        if record["boot"] is not None:
            with self._store.transaction() as change:
                record = self._observed(change, self.find(account, instance_id))
        return self._context.health.live(record)

    def create(self, account: str, values: Record) -> Record:
        """Create an instance from valid attribute values and return its record, with the status ``new``.

        Raises Invalid without a plan, or when there is no room; EngineFailed when its Redis cannot be started.
        A Redis starts outside of any transaction, so that other requests need not wait for it. Its memory and
        its port are reserved meanwhile.
        """
        if "plan" not in values:
            raise Invalid(["Plan can't be blank"])
        with self._context.exclusion.shared():
            return self._created(account, values, PLANS[values["plan"]])

    def _created(self, account: str, values: Record, plan: Plan) -> Record:
        now = self._clock.now()
        record: Record = {}
        try:
            with self._store.transaction() as change:
                record = self._new(change, account, plan, values, now)
                if not self._engine.real:
                    return self._stored(change, record, now)
                self._placement.reserve(record)
            return self._started(account, record, now)
        finally:
            self._placement.release(record.get("id", 0))

    def _new(self, change: Transaction, account: str, plan: Plan, values: Record, now: datetime) -> Record:
        assigned = self._assigned(change, change.account_id(account), plan, now)
        record = new_instance(plan, self._config.api, assigned) | values
        if faulty := _contradictions(record):
            raise Invalid(faulty)
        return record

    def _started(self, account: str, record: Record, now: datetime) -> Record:
        """Start a new instance's Redis and store it; when either fails, nothing is left of both."""
        try:
            record = self._running(account, record)
            with self._store.transaction() as change:
                return self._stored(change, record, now)
        except BaseException:
            self._context.discard(record["id"])
            raise

    def _running(self, account: str, record: Record) -> Record:
        """A new record whose Redis runs; on another port where another emulator took its own since we looked."""
        while True:
            try:
                return record | {"version": self._engine.start(record, account)}
            except EngineFailed as error:
                if self._engine.is_port_free(record["port"]):
                    raise
                try:
                    record = self._moved(record)
                except Invalid:  # there is no other port, and why this one cannot be had says more
                    raise error from None

    def _moved(self, record: Record) -> Record:
        with self._store.transaction():
            name, before, port = record["label"], record["port"], self._placement.free_port()
            server = self._store.servers()[record["server_id"]].name
            label = default_label(server, port) if name == default_label(server, before) else name
            moved = record | {"port": port, "label": label}
            self._placement.reserve(moved)
        return moved

    def _stored(self, change: Transaction, record: Record, now: datetime) -> Record:
        status, boot = lifecycle.begin(self._config.boot_delay, now)
        change.put_instance(record | {"status": status, "boot": boot})
        return record

    def update(
        self, account: str, instance_id: int, values: Record, *, full: Callable[[], bool] = bool
    ) -> tuple[Record, Record]:
        """Set valid attribute values, or upgrade the plan; return the record before and after.

        ``full`` is called when there is room for an upgrade; true makes the upgrade fail anyway (fault injection).
        Raises NotFound, Invalid, EngineFailed; then neither the record nor a live Redis has changed.
        """
        with self._context.exclusion.shared(), self._context.locks.of(instance_id):
            before, after = self._planned(account, instance_id, values, full)
            try:
                self._applied(account, before, after)
            finally:
                self._placement.release(instance_id)
        return self._context.health.live(before), self._context.health.live(after)

    def _planned(
        self, account: str, instance_id: int, values: Record, full: Callable[[], bool]
    ) -> tuple[Record, Record]:
        """An instance before and after an update, with what it will take up reserved."""
        with self._store.transaction():
            before = self._settled(self.find(account, instance_id))
            changed = {name: value for name, value in values.items() if before[name] != value}
            after = before | self._changes(before, changed, full)
            if changed:
                after |= {"updated_at": timestamp(self._clock.now())}
                self._placement.reserve(after)
        return before, after

    def _applied(self, account: str, before: Record, after: Record) -> None:
        """Change the Redis and the record, or neither; others need not wait for the Redis."""
        if after == before:
            return
        self._engine.apply(before, after, account)
        try:
            self._context.patch(after["id"], {name: value for name, value in after.items() if before[name] != value})
        except BaseException:
            self._engine.apply(after, before, account)
            raise

    def destroy(self, account: str, instance_id: int) -> None:
        """Remove an instance; its id is never given again. Raises NotFound, EngineFailed."""
        with self._context.exclusion.shared(), self._context.locks.of(instance_id):
            self.find(account, instance_id)
            self._engine.destroy(instance_id)
            self._context.health.forget(instance_id)
            with self._store.transaction() as change:
                change.remove_instance(instance_id)

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

    def _settled(self, record: Record) -> Record:
        """A record as it is now, without counting as a read."""
        status, boot = lifecycle.settle(record["status"], record["boot"], self._clock.now())
        return record | {"status": status, "boot": boot}

    def _observed(self, change: Transaction, record: Record) -> Record:
        """A record after one read of it, which may have been the one that its boot was waiting for."""
        status, boot = lifecycle.read_once(record["status"], record["boot"], self._clock.now())
        if boot != record["boot"]:
            record |= {"status": status, "boot": boot}
            change.put_instance(record)
        return record

    def _assigned(self, change: Transaction, user_id: int, plan: Plan, now: datetime) -> Record:
        """Return the values of a new instance that the service assigns."""
        instance_id = change.next_instance_id()
        server_id, server = self._placement.server_for(change, plan)
        port = self._placement.free_port()
        return {
            "id": instance_id,
            "user_id": user_id,
            "server_id": server_id,
            "port": port,
            "label": default_label(server, port),
            "password": self._randomness.password(instance_id),
            "config_command": self._randomness.config_command(instance_id),
            "status": Status.NEW.value,
            "created_at": timestamp(now),
            "updated_at": timestamp(now),
        }

    def _changes(self, before: Record, changed: Record, full: Callable[[], bool]) -> Record:
        """What an update really changes in a record. Raises Invalid."""
        settings = [attributes.BY_NAME[name].human_name.lower() for name in changed if name != "plan"]
        if "plan" not in changed:
            if faulty := _contradictions(before | changed):
                raise Invalid(faulty)
            return changed
        if settings:
            raise Invalid([f"Plan can't be changed together with {', '.join(settings)}; send them in two requests"])
        plan = PLANS[changed["plan"]]
        self._placement.check_room(before, plan, full)
        return follow_plan(plan)


def _contradictions(record: Record) -> list[str]:
    """What values that are each valid cannot mean together: a replica needs to know its master (ours)."""
    if not record["slave"]:
        return []
    return [
        f"{attributes.BY_NAME[name].human_name} can't be blank"
        for name in ("master_host", "master_port")
        if not record[name]
    ]
