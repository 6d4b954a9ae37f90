"""What can be done with instances: list, get, create, update, destroy, reconcile.

Store, lifecycle and engine meet here only.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock import attributes, lifecycle
from rtgmock.clock import timestamp
from rtgmock.errors import EngineFailed, Invalid, NotFound
from rtgmock.lifecycle import Event, Status
from rtgmock.locks import Locks
from rtgmock.plans import PLANS, Plan
from rtgmock.text import show_size
from rtgmock.wire import params

if TYPE_CHECKING:
    from datetime import datetime

    from rtgmock.attributes import Record
    from rtgmock.clock import Clock
    from rtgmock.config import Config
    from rtgmock.engines.engine import Engine
    from rtgmock.ids import Chance
    from rtgmock.store import Store, Transaction
    from rtgmock.wire.params import Parameters


@dataclass(frozen=True)
class Account:
    """Who asks: the account's name and the ``user_id`` that its instances bear."""

    name: str
    user_id: int


class Provisioner:
    """The use cases. Each account sees its own instances only; an error means that nothing has changed."""

    def __init__(self, config: Config, store: Store, clock: Clock, chance: Chance, engine: Engine) -> None:
        self._config = config
        self._store = store
        self._engine = engine
        self._reserved: dict[int, Record] = {}
        self._alone = Locks()
        self._clock = clock
        self._chance = chance
        names = [account.name for account in config.accounts]
        if not set(names) <= set(store.accounts()):
            with store.transaction() as change:
                change.add_accounts(names)
        self._user_ids = store.accounts()
        self._names = {user_id: name for name, user_id in self._user_ids.items()}

    @property
    def hostname(self) -> str | None:
        """Where clients find the Redis servers, when that is not where they find the API."""
        return self._engine.hostname

    def account(self, name: str) -> Account:
        """The account of that name, which must be a configured one."""
        return Account(name, self._user_ids[name])

    def servers(self) -> dict[int, str]:
        """The servers' names by id."""
        return self._store.servers()

    def list(self, account: Account) -> list[Record]:
        """The account's instances, in the order in which they were made."""
        records = self._store.instances(account.user_id)
        if any(record["boot"] for record in records):
            with self._store.transaction() as change:
                records = [self._observed(change, record) for record in self._store.instances(account.user_id)]
        return [self._live(record) for record in records]

    def get(self, account: Account, instance_id: int) -> Record:
        """One instance. Raises NotFound."""
        record = self._find(account, instance_id)
        if record["boot"] is not None:
            with self._store.transaction() as change:
                record = self._observed(change, self._find(account, instance_id))
        return self._live(record)

    def create(self, account: Account, given: Parameters) -> Record:
        """Make an instance, as its create is answered: with the status new. Raises Invalid, EngineFailed.

        A real Redis starts outside of any transaction: others need not wait for it. What its instance takes up
        is reserved meanwhile.
        """
        plan = _wanted_plan(given, self._config.api)
        now = self._clock.now()
        record: Record = {}
        try:
            with self._store.transaction() as change:
                record = self._new(change, account, plan, given, now)
                if not self._engine.real:
                    return self._stored(change, record, now)
                self._reserved[record["id"]] = record
            return self._started(account, record, now)
        finally:
            self._reserved.pop(record.get("id", 0), None)

    def _new(self, change: Transaction, account: Account, plan: Plan, given: Parameters, now: datetime) -> Record:
        record = self._assigned(change, plan) | {"user_id": account.user_id}
        record |= {"created_at": timestamp(now), "updated_at": timestamp(now)} | given.values
        if faulty := _contradictions(record):
            raise Invalid(faulty)
        return record

    def _started(self, account: Account, record: Record, now: datetime) -> Record:
        """Start a new instance's Redis and store it; when either fails, nothing is left of both."""
        try:
            record |= {"version": self._engine.start(record, account.name)}
            with self._store.transaction() as change:
                return self._stored(change, record, now)
        except BaseException:
            self._engine.destroy(record["id"])
            raise

    def _stored(self, change: Transaction, record: Record, now: datetime) -> Record:
        status, boot = lifecycle.begin(self._config.boot_delay, now)
        change.put_instance(record | {"status": status, "boot": boot})
        return record

    def update(self, account: Account, instance_id: int, given: Parameters) -> tuple[Record, Record]:
        """Upgrade an instance or change its settings. Gives it before and after.

        Raises NotFound, Invalid, EngineFailed; then neither the record nor a live Redis has changed.
        """
        with self._alone.of(instance_id):
            before, after = self._planned(account, instance_id, given)
            try:
                self._applied(account, before, after)
            finally:
                self._reserved.pop(instance_id, None)
        return self._live(before), self._live(after)

    def _planned(self, account: Account, instance_id: int, given: Parameters) -> tuple[Record, Record]:
        """An instance before and after an update, with what it will take up reserved."""
        with self._store.transaction():
            before = self._settled(self._find(account, instance_id))
            if not (given.values or given.fixed):
                raise _nothing_known(given, self._config.api)
            changed = {name: value for name, value in given.values.items() if before[name] != value}
            after = before | self._changes(before, changed)
            if changed:
                after |= {"updated_at": timestamp(self._clock.now())}
                self._reserved[instance_id] = after
        return before, after

    def _applied(self, account: Account, before: Record, after: Record) -> None:
        """Change the Redis and the record, or neither; others need not wait for the Redis."""
        if after == before:
            return
        self._engine.apply(before, after, account.name)
        try:
            self._amend(after["id"], {name: value for name, value in after.items() if before[name] != value})
        except BaseException:
            self._engine.apply(after, before, account.name)
            raise

    def destroy(self, account: Account, instance_id: int) -> None:
        """Remove an instance; its id is never given again. Raises NotFound, EngineFailed."""
        with self._alone.of(instance_id):
            self._find(account, instance_id)
            self._engine.destroy(instance_id)
            with self._store.transaction() as change:
                change.remove_instance(instance_id)

    def reconcile(self) -> None:
        """Start every Redis that ought to run and doesn't, on the data that it has; keep what the others tell."""
        for record in self._store.instances():
            seen = self._engine.observe(record)
            if seen is None or any(record[name] != value for name, value in seen.items()):
                with self._alone.of(record["id"]):
                    self._revive(record["id"])

    def recover(self) -> None:
        """At the emulator's start: remove what belongs to no instance, and start all that do, at once."""
        records = self._store.instances()
        self._engine.sweep(record["id"] for record in records)
        with ThreadPoolExecutor(8) as pool:
            versions = list(pool.map(self._version_of, records))
        with self._store.transaction() as change:
            for record, version in zip(records, versions, strict=True):
                if version != record["version"]:
                    change.put_instance(record | {"version": version})

    def _revive(self, instance_id: int) -> None:
        """For who is alone with an instance: it must not be on its way out, nor in the middle of a change."""
        record = self._store.instance(instance_id)
        if record is not None:
            known = {"version": self._version_of(record)} | (self._engine.observe(record) or {})
            self._amend(instance_id, {name: value for name, value in known.items() if record[name] != value})

    def _amend(self, instance_id: int, changes: Record) -> None:
        """Write changes into a record, of which reads may meanwhile have changed something else."""
        if changes:
            with self._store.transaction() as change:
                record = self._store.instance(instance_id)
                if record is not None:
                    change.put_instance(record | changes)

    def _version_of(self, record: Record) -> str:
        """The version of an instance's Redis, started if need be; the last one known if it cannot be."""
        if not self._engine.alive(record):
            with contextlib.suppress(EngineFailed):  # its status says so, and it is tried again
                return self._engine.start(record, self._names.get(record["user_id"], ""))
        return str(record["version"])

    def _live(self, record: Record) -> Record:
        """A record with what its Redis knows better, and failed when that is gone."""
        known = self._engine.observe(record)
        if known is None:
            return record | {"status": lifecycle.step(record["status"], Event.LOST)}
        return record | known

    def _find(self, account: Account, instance_id: int) -> Record:
        record = self._store.instance(instance_id)
        if record is None or record["user_id"] != account.user_id:
            raise NotFound(
                f"There is no instance {instance_id} for the account {account.name}; "
                "GET /instances lists those that there are."
            )
        return record

    def _settled(self, record: Record) -> Record:
        """A record as it is now, without counting as a read."""
        status, boot = lifecycle.settle(record["status"], record["boot"], self._clock.now())
        return record | {"status": status, "boot": boot}

    def _observed(self, change: Transaction, record: Record) -> Record:
        """A record after one read of it, which may have been the one that its boot was waiting for."""
        status, boot = lifecycle.observe(record["status"], record["boot"], self._clock.now())
        if boot != record["boot"]:
            record |= {"status": status, "boot": boot}
            change.put_instance(record)
        return record

    def _assigned(self, change: Transaction, plan: Plan) -> Record:
        """A new instance's defaults and what only the service can give: id, server, port, label, secrets."""
        instance_id = change.next_instance_id()
        server_id, server = self._server_for(change, plan)
        port = self._free_port()
        return attributes.defaults(plan, self._config.api) | {
            "id": instance_id,
            "server_id": server_id,
            "port": port,
            "label": f"{server}-{port}",
            "password": self._chance.password(instance_id),
            "config_command": self._chance.config_command(instance_id),
            "status": Status.NEW.value,
            "boot": None,
        }

    def _server_for(self, change: Transaction, plan: Plan) -> tuple[int, str]:
        """The first server with room, or a new one."""
        capacity, servers = self._config.server_memory, self._store.servers()
        if plan.memory > capacity:
            needs = f"{show_size(plan.memory)}, and a server has {show_size(capacity)}"
            raise Invalid([f"Plan {plan.name} needs {needs}; restart with a larger --server-memory"])
        for server_id, used in sorted(self._memory_by_server().items()):
            if used + plan.memory <= capacity:
                return server_id, servers[server_id]
        server_id = max(servers, default=0) + 1
        name = self._chance.server_name(server_id, servers.values())
        change.add_server(server_id, name)
        return server_id, name

    def _memory_by_server(self) -> dict[int, int]:
        """The bytes that each server's instances have, with those of creates and updates that are under way."""
        used = self._store.memory_by_server()
        for record in list(self._reserved.values()):
            stored = self._store.instance(record["id"])
            used[record["server_id"]] += max(record["memory"] - (stored["memory"] if stored else 0), 0)
        return used

    def _free_port(self) -> int:
        taken = self._store.ports() | {record["port"] for record in list(self._reserved.values())}
        ports = self._config.ports
        port = next((port for port in ports if port not in taken and self._engine.free(port)), None)
        if port is None:
            full = f"all of {ports[0]}-{ports[-1]} are taken"
            raise Invalid([f"Port can't be assigned: {full}; delete an instance, or restart with a wider --ports"])
        return port

    def _changes(self, before: Record, changed: Record) -> Record:
        """What an update really changes in a record. Raises Invalid."""
        settings = [attributes.BY_NAME[name].label.lower() for name in changed if name != "plan"]
        if "plan" not in changed:
            if faulty := _contradictions(before | changed):
                raise Invalid(faulty)
            return changed
        if settings:
            raise Invalid([f"Plan can't be changed together with {', '.join(settings)}; send them in two requests"])
        plan = PLANS[changed["plan"]]
        self._check_room(before, plan)
        return attributes.follow_plan(plan)

    def _check_room(self, before: Record, plan: Plan) -> None:
        """An upgrade may fail for want of space on the instance's server (documented)."""
        server_id = before["server_id"]
        free = self._config.server_memory - self._memory_by_server()[server_id]
        needed = plan.memory - before["memory"]
        if needed > max(free, 0):
            server = self._store.servers()[server_id]
            room = f"the server {server} has {show_size(max(free, 0))} free, and {show_size(needed)} more are needed"
            raise Invalid([f"Plan can't be changed to {plan.name}: {room}"])
        if needed < 0 and (held := self._engine.holds(before)) > plan.memory:
            room = f"the instance holds {show_size(held)}, and the plan has {show_size(plan.memory)}"
            raise Invalid([f"Plan can't be changed to {plan.name}: {room}"])


def _wanted_plan(given: Parameters, api: int) -> Plan:
    if "plan" not in given.values:
        raise Invalid(["Plan can't be blank"], hint=params.hint(given.unknown, api))
    return PLANS[given.values["plan"]]


def _nothing_known(given: Parameters, api: int) -> Invalid:
    came = params.shown(given.unknown) or "nothing"
    accepted = ", ".join(attribute.name for attribute in attributes.changeable(api))
    return Invalid(
        [f"No attribute to update: got {came}; accepted are {accepted}"], hint=params.hint(given.unknown, api)
    )


def _contradictions(record: Record) -> list[str]:
    """What values that are each valid cannot mean together: a replica needs to know its master (ours)."""
    if not record["slave"]:
        return []
    return [
        f"{attributes.BY_NAME[name].label} can't be blank"
        for name in ("master_host", "master_port")
        if not record[name]
    ]
