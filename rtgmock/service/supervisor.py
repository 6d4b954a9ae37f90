"""The supervision of the instances' Redis servers: starting them, bringing them back, and what tests do to one."""

from __future__ import annotations

import logging
import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed, InternalError, NotFound
from rtgmock.service.leftovers import MAX_PARALLEL
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from rtgmock.engines.base import RedisAction
    from rtgmock.model.lifecycle import Status
    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext

_MAX_SHOWN = 10
"""How many ids an error message lists."""


class Supervisor:
    """Keeps the Redis servers of all instances running, of all accounts."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._store, self._engine, self._health = context.store, context.engine, context.health
        self._reported_failures: set[int] = set()

    def recover(self) -> None:
        """Remove what belongs to no instance, and start the Redis of each instance. Raises EngineFailed.

        Called at the emulator's start, before other threads use the state; so it takes no lock.
        """
        present, leftovers = self._engine.present(), self._context.leftovers
        found = leftovers.find(present)
        leftovers.remove_all()
        for instance_id in present - found:
            self._engine.adopt(instance_id)
        self.start_all()

    def report_other_engines(self) -> None:
        """Log what other engines than this one have of the state: leftovers, and the data of the instances."""
        config = self._context.config
        if config.state:
            self._context.leftovers.report_others(config.state)
            if self._engine.real or self._engine.problem:
                self._report_keeper(config.state)

    def _report_keeper(self, state: Path) -> None:
        """Log that the instances' data is not with this engine, and how to have it again. It is kept where it is."""
        keeper = self._store.last_engine()
        if keeper in {"", self._engine.name} or not self._store.instance_count():
            return
        logging.getLogger("rtgmock").warning(
            "the data of the instances is in %s, and is not seen with %s; it is kept, and is there again with: %s",
            printable(keeper),
            self._engine.name,
            shlex.join(["rtgmock", "serve", "--redis", printable(keeper), "--state", str(state.resolve())]),
        )

    def start_all(self) -> None:
        """Start every Redis that isn't running, several at a time. Needs the exclusive state lock, if not alone."""
        self._start(self._store.instances())

    def start(self, ids: Iterable[int]) -> None:
        """Start the Redis of some instances that isn't running, likewise. Needs the locks of these instances."""
        records = map(self._store.instance, ids)
        self._start([record for record in records if record is not None])

    def _start(self, records: list[Record]) -> None:
        with ThreadPoolExecutor(MAX_PARALLEL) as pool:
            versions = list(pool.map(self._bring_back, records))
        # One transaction for all, since each one waits for the disk.
        try:
            with self._store.transaction() as change:
                for record, version in zip(records, versions, strict=True):
                    # Read again: a read, which takes no lock but the transaction, may have ended its boot.
                    if version != record["version"] and (latest := self._store.instance(record["id"])):
                        change.put_instance(latest | {"version": version})
        except InternalError as error:
            logging.getLogger("rtgmock").warning("the versions of the Redis servers are not stored: %s", error)

    def monitor(self, report: Callable[[int], None]) -> None:
        """Let the engine observe all Redis servers, and report the instances that ``see_to`` is to be called for."""
        self._engine.monitor(self.accounted, report)

    def cancel_starts(self) -> None:
        """Wait no longer for any Redis that starts, since the emulator ends."""
        self._engine.cancel_starts()

    def leftovers(self) -> set[int]:
        """Return the ids of which something could not be removed yet."""
        return self._context.leftovers.ids()

    def see_to(self, instance_id: int) -> None:
        """Bring an instance's Redis back if it is lost, and store what it reports differently.

        Remove what is left of a former instance of that id. Raises EngineFailed when the engine does not answer,
        InternalError when the state file cannot be written.
        """
        context = self._context
        with context.instance_lock(instance_id):
            # In the lock: a reset may have given the id to a new instance.
            context.leftovers.remove(instance_id)
            record = self._store.instance(instance_id)
            if record is not None and self._health.is_supervised(instance_id):
                known = {}
                if self._engine.observation(instance_id).is_lost:
                    known = {"version": self._bring_back(record)}
                known |= self._engine.observation(instance_id).attributes
                context.patch(instance_id, {name: value for name, value in known.items() if record[name] != value})

    def accounted(self) -> list[tuple[Record, str]]:
        """Return the records of all instances, each with its account's name."""
        names = {number: name for name, number in self._store.accounts().items()}
        return [(record, names.get(record["user_id"], "")) for record in self._store.instances()]

    def observed(self) -> list[tuple[Record, str]]:
        """Return the same, with what each Redis was last seen to report. Unlike a read, it counts for no boot."""
        return [(self._health.refresh(record), account) for record, account in self.accounted()]

    def _bring_back(self, record: Record) -> str:
        """Bring an instance's Redis back if it needs that; return its version, the last known one if that fails."""
        if record["id"] in self._context.leftovers:  # it is failed until that is removed, which was logged
            return str(record["version"])
        try:
            version = self._engine.bring_back(record, self._account_of(record))
        except EngineFailed as error:  # the instance shows the status failed, and the next report tries again
            self._report_failure(record["id"], error)
            return str(record["version"])
        self._reported_failures.discard(record["id"])
        return version

    def _report_failure(self, instance_id: int, error: EngineFailed) -> None:
        """Log why an instance is failed: once, until it runs again."""
        if instance_id not in self._reported_failures:
            self._reported_failures.add(instance_id)
            logging.getLogger("rtgmock").warning("instance %d is failed: %s", instance_id, error)

    def forget_failures(self, ids: Iterable[int] | None = None) -> None:
        """Let the failures of new instances be logged, which have the ids of former ones: of some, or of any."""
        self._reported_failures -= {*(self._reported_failures if ids is None else ids)}

    def set_status(self, instance_id: int, status: Status) -> Record:
        """Give an instance any status, and end its boot; return its record. Raises NotFound."""
        with self._context.instance_lock(instance_id):
            self._find(instance_id)
            self._context.patch(instance_id, {"status": status.value, "boot": None})
            return self._health.refresh(self._find(instance_id))

    def perform(self, instance_id: int, action: RedisAction, milliseconds: int) -> Record:
        """Perform an action on an instance's Redis; return its record. Raises NotFound, Invalid, EngineFailed."""
        with self._context.instance_lock(instance_id):
            record = self._find(instance_id)
            self._context.leftovers.remove(instance_id)
            self._health.perform(record, self._account_of(record), action, milliseconds)
            return self._health.refresh(record)

    def _account_of(self, record: Record) -> str:
        return next((name for name, number in self._store.accounts().items() if number == record["user_id"]), "")

    def _find(self, instance_id: int) -> Record:
        """Return an instance of any account. Raises NotFound."""
        record = self._store.instance(instance_id)
        if record is None:
            known = ", ".join(str(one["id"]) for one in self._store.instances()[:_MAX_SHOWN]) or "none"
            raise NotFound(f"There is no instance {instance_id}; there are {known}.")
        return record
