"""How a new instance comes into being: an id, a server and a port, then its Redis, then its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock.clock import timestamp
from rtgmock.errors import EngineFailed, Invalid
from rtgmock.model import attributes, lifecycle
from rtgmock.model.instances import default_label, moved, new_instance
from rtgmock.model.lifecycle import BootDelay, Status
from rtgmock.model.plans import PLANS

if TYPE_CHECKING:
    from datetime import datetime

    from rtgmock.model.plans import Plan
    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext
    from rtgmock.storage.transaction import Transaction


@dataclass(frozen=True)
class _Wish:
    """What is to be created: for which account, with which values, on one of which ports, and since when."""

    account: str
    values: Record
    ports: range
    boot_delay: BootDelay
    moment: datetime


class Creation:
    """Creates instances. If anything fails, neither the instance nor its Redis is left."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._config, self._store, self._engine = context.config, context.store, context.engine
        self._clock, self._randomness = context.clock, context.randomness
        self._placement = context.placement

    def create(self, account: str, values: Record, *, ports: range | None = None, boots: bool = True) -> Record:
        """Create an instance from valid attribute values and return its record, with the status ``new``.

        It gets a port of ``ports``, by default of the settings' range. Unless it ``boots``, the boot delay is left out.
        Raises Invalid without a plan, or when there is no room; EngineFailed when its Redis cannot be started.
        """
        if "plan" not in values:
            raise Invalid(["Plan can't be blank"])
        delay = self._config.boot_delay if boots else BootDelay()
        wish = _Wish(account, values, ports or self._config.ports, delay, self._clock.now())
        with self._context.state_lock.shared(), self._context.account_locks.of(account).shared():
            return self._create(wish)

    def _create(self, wish: _Wish) -> Record:
        record: Record = {}
        try:
            while not record:
                # Outside of the transaction, since it asks the engine. Another create may be faster, and take it.
                port = self._placement.find_port(wish.ports)
                with self._store.transaction() as change:
                    if self._placement.is_taken(port):
                        continue
                    record = self._new(change, wish, port)
                    if not self._engine.real:
                        return self._store_created(change, record, wish)
                    # The Redis starts after the transaction, so that other requests need not wait for it. Until the
                    # instance is stored, its memory and port are reserved.
                    self._placement.reserve(record)
            return self._start_and_store(record, wish)
        finally:
            self._placement.release(record.get("id", 0))

    def _new(self, change: Transaction, wish: _Wish, port: int | None) -> Record:
        plan = PLANS[wish.values["plan"]]
        assigned = self._assigned(change, wish, plan, port)
        record = new_instance(plan, self._config.api, assigned) | wish.values
        if problems := replica_problems(record):
            raise Invalid(problems)
        return record

    def _assigned(self, change: Transaction, wish: _Wish, plan: Plan, port: int | None) -> Record:
        """Return the values of a new instance that the service assigns. Raises Invalid without a port."""
        instance_id, user_id = change.next_instance_id(), change.account_id(wish.account)
        server_id, server = self._placement.server_for(change, plan, user_id)
        if port is None:
            raise self._placement.no_port(wish.ports)
        return {
            "id": instance_id,
            "user_id": user_id,
            "server_id": server_id,
            "port": port,
            "label": default_label(server, port),
            "password": self._randomness.password(instance_id),
            "config_command": self._randomness.config_command(instance_id),
            "status": Status.NEW.value,
            "created_at": timestamp(wish.moment),
            "updated_at": timestamp(wish.moment),
        }

    def _store_created(self, change: Transaction, record: Record, wish: _Wish) -> Record:
        """Store a new instance with the status that follows ``new``; return its record with ``new`` (documented)."""
        status, boot = lifecycle.begin(wish.boot_delay, wish.moment)
        change.put_instance(record | {"status": status, "boot": boot})
        return record

    def _start_and_store(self, record: Record, wish: _Wish) -> Record:
        """Start a new instance's Redis and store the instance; if either fails, remove both."""
        leftovers = self._context.leftovers
        leftovers.remove(record["id"])
        try:
            record = self._start(record, wish)
            with self._store.transaction() as change:
                return self._store_created(change, record, wish)
        except BaseException:  # an interrupted create must not leave a Redis that no instance has either
            leftovers.add([record["id"]])
            leftovers.try_to_remove(record["id"])
            raise

    def _start(self, record: Record, wish: _Wish) -> Record:
        """Start a new instance's Redis and return its record, on another port if the first was taken meanwhile."""
        while True:
            try:
                return record | {"version": self._engine.start(record, wish.account)}
            except EngineFailed as error:
                # Another emulator, or any program, may have taken the port since it was chosen.
                if self._engine.free_port([record["port"]]) is not None:
                    raise
                other = self._reassign_port(record, wish.ports)
                if other is None:  # no port is left; the engine's error says more about this one
                    raise error from None
                record = other

    def _reassign_port(self, record: Record, ports: range) -> Record | None:
        """Return a new instance's record with another port, and with the label that goes with it; None without one."""
        while (port := self._placement.find_port(ports)) is not None:
            with self._store.transaction():
                if self._placement.is_taken(port):
                    continue
                server = self._store.servers()[record["server_id"]].name
                record = moved(record, server, server, port)
                self._placement.reserve(record)
                return record
        return None


def replica_problems(record: Record) -> list[str]:
    """Return what a replica's values lack: it needs to know its master (ours)."""
    if not record["slave"]:
        return []
    return [
        f"{attributes.BY_NAME[name].human_name} can't be blank"
        for name in ("master_host", "master_port")
        if not record[name]
    ]
