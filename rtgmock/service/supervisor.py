"""What happens to the whole state and to its Redis servers: recover, reconcile, reset, load, and a test's troubles."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from rtgmock.errors import EngineFailed, Invalid, NotFound, StartupError
from rtgmock.service import snapshot

if TYPE_CHECKING:
    from rtgmock.engines.base import RedisAction
    from rtgmock.model.lifecycle import Status
    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext
    from rtgmock.storage.store import State

_SHOWN = 10
MAX_PARALLEL = 8
"""How many Redis servers are started or removed at the same time."""


class Supervisor:
    """Looks after all instances, whosever they are. Raises StartupError for a fixture that cannot be read."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._config, self._store, self._engine = context.config, context.store, context.engine
        self._troubled: set[int] = set()
        self._fixture = None if self._config.fixture is None else snapshot.load(self._config.fixture)

    def reconcile(self) -> None:
        """Start every Redis that ought to run and doesn't, on the data that it has; keep what the others tell."""
        for instance_id in list(self._context.discarded):
            with self._context.exclusion.shared(), self._context.locks.of(instance_id):
                if instance_id in self._context.discarded:  # a reset may have given the id again
                    self._context.discard(instance_id)
        for record in filter(lambda record: self._context.health.wanted(record["id"]), self._store.instances()):
            seen = self._engine.probe(record)
            if seen is None or any(record[name] != value for name, value in seen.items()):
                with self._context.exclusion.shared(), self._context.locks.of(record["id"]):
                    self._revive(record["id"])

    def begin(self) -> None:
        """At the emulator's start: load the fixture into a state that never had an instance. Raises StartupError."""
        try:
            state = self._beginning()
        except Invalid as error:
            more = f" (and {len(error.messages) - 1} more)" if len(error.messages) > 1 else ""
            raise StartupError(
                f"the fixture {self._config.fixture} cannot be used: {error.messages[0]}{more}"
            ) from error
        if self._fixture is not None and self._store.last_instance_id == 0:
            with self._store.transaction() as change:
                change.replace(state)

    def reset(self) -> None:
        """Go back to the fixture, or to nothing; ids begin anew. Raises EngineFailed."""
        self._replace(self._beginning())

    def _beginning(self) -> State:
        """The fixture, or nothing, as of now."""
        return snapshot.parse_state(
            self._fixture or {}, self._config, self._context.randomness, self._context.clock.now()
        )

    def recover(self) -> None:
        """At the emulator's start: remove what belongs to no instance, and start all that do, at once."""
        self._engine.remove_orphans(record["id"] for record in self._store.instances())
        self._start_all()

    def set_status(self, instance_id: int, status: Status) -> Record:
        """Give an instance another status, whatever that leads from. Raises NotFound."""
        with self._context.exclusion.shared(), self._context.locks.of(instance_id):
            self._any(instance_id)
            self._context.patch(instance_id, {"status": status.value, "boot": None})
            return self._context.health.live(self._any(instance_id))

    def trouble(self, instance_id: int, trouble: RedisAction, milliseconds: int) -> Record:
        """Bring trouble to an instance's Redis, or end it. Raises NotFound, Invalid, EngineFailed."""
        with self._context.exclusion.shared(), self._context.locks.of(instance_id):
            record = self._any(instance_id)
            self._context.health.trouble(record, self._owner_of(record), trouble, milliseconds)
            return self._context.health.live(record)

    def document(self) -> dict[str, Any]:
        """The whole state as one document."""
        return snapshot.write(self._store.state())

    def load(self, document: object) -> None:
        """Put the state that a document describes in the place of this one; its Redis servers start empty.

        Raises Invalid for a document with mistakes in it, and then nothing has changed; EngineFailed.
        """
        self._replace(snapshot.parse_state(document, self._config, self._context.randomness, self._context.clock.now()))

    def _replace(self, state: State) -> None:
        """Wait for the changes that are under way, and let none begin until all of the other state is there."""
        with self._context.exclusion.exclusive():
            if self._engine.real:
                with ThreadPoolExecutor(MAX_PARALLEL) as pool:
                    list(pool.map(self._engine.destroy, [record["id"] for record in self._store.instances()]))
                self._engine.remove_orphans(())
            self._context.health.reset()
            self._troubled.clear()
            self._context.discarded.clear()
            with self._store.transaction() as change:
                change.replace(state)
            if self._engine.real:
                self._start_all()

    def _start_all(self) -> None:
        """Start every Redis that isn't running, all at once."""
        records = self._store.instances()
        with ThreadPoolExecutor(MAX_PARALLEL) as pool:
            versions = list(pool.map(self._version_of, records))
        with self._store.transaction() as change:
            for record, version in zip(records, versions, strict=True):
                if version != record["version"]:
                    change.put_instance(record | {"version": version})

    def _revive(self, instance_id: int) -> None:
        """For who is alone with an instance: it must not be on its way out, nor in the middle of a change."""
        record = self._store.instance(instance_id)
        if record is not None and self._context.health.wanted(instance_id):
            known = {"version": self._version_of(record)} | (self._engine.probe(record) or {})
            self._context.patch(instance_id, {name: value for name, value in known.items() if record[name] != value})

    def _version_of(self, record: Record) -> str:
        """The version of an instance's Redis, started if need be; the last one known if it cannot be."""
        version = str(record["version"])
        if not self._engine.is_alive(record):
            try:
                version = self._engine.start(record, self._owner_of(record))
            except EngineFailed as error:  # its status says so, and it is tried again
                self._complain(record["id"], error)
                return version
        self._troubled.discard(record["id"])
        return version

    def _complain(self, instance_id: int, error: EngineFailed) -> None:
        """Say why an instance is failed: once, until it runs again."""
        if instance_id not in self._troubled:
            self._troubled.add(instance_id)
            logging.getLogger("rtgmock").warning("instance %d is failed: %s", instance_id, error)

    def _owner_of(self, record: Record) -> str:
        return next((name for name, number in self._store.accounts().items() if number == record["user_id"]), "")

    def _any(self, instance_id: int) -> Record:
        """An instance, whosever it is."""
        record = self._store.instance(instance_id)
        if record is None:
            known = ", ".join(str(one["id"]) for one in self._store.instances()[:_SHOWN]) or "none"
            raise NotFound(f"There is no instance {instance_id}; there are {known}.")
        return record
