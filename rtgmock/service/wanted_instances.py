"""The instances that ``--instance`` asks for: made at the first start, found at the next ones, there after a reset."""

from __future__ import annotations

import contextlib
from itertools import count, zip_longest
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed, RequestError, StartupError
from rtgmock.network import listening_process
from rtgmock.service.snapshot import MAX_GIVEN_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.parsers import WantedInstance
    from rtgmock.storage.state import State


class WantedInstances:
    """Sees to it that the state has the instances of the settings. They belong to the first account.

    An instance is the wanted one if it has the wanted port, or, where none is given, the plan and the password. So a
    start with the same settings makes no second one, and one that a client has deleted is made again.
    """

    def __init__(self, context: ServiceContext, provisioner: Provisioner) -> None:
        self._context = context
        self._provisioner = provisioner
        self._account = context.config.first_account.name
        wanted = context.config.instances
        # Those that say most come first, so that no other is given their port, or taken for them.
        self._order = sorted(range(len(wanted)), key=lambda n: (wanted[n].port is None, wanted[n].password is None))
        self._wanted = [wanted[number] for number in self._order]
        self._provided: list[Record] = []

    def provide(self) -> None:
        """Make those that the state lacks. Raises StartupError for one that contradicts the state, or cannot run.

        Called at the emulator's start, before other threads use the state, and after the Redis servers of the other
        instances were brought back: what is left is free.
        """
        if not self._wanted:
            return
        store = self._context.store
        found = match(self._wanted, store.instances(), store.accounts()[self._account])
        pairs = list(zip(self._wanted, found, strict=True))
        for wanted, record in pairs:
            if record is not None:
                self._check_redis(wanted, record)
        self._provided = [record or self._create(wanted) for wanted, record in pairs]
        self._context.placement.given_ports.update(self.ports())

    def ports(self) -> list[int]:
        """Return the ports of those that the start has found or made, in the order of the settings."""
        return [record["port"] for _, record in sorted(zip(self._order, self._provided, strict=False))]

    def rows_for(self, state: State) -> list[Record]:
        """Return what a document must have in addition, so that its state has the wanted instances.

        After the start these get the ids, ports and passwords that they had then, so that their URLs stay. Raises
        StartupError for one that contradicts the state.
        """
        if not self._wanted:
            return []
        user_id = next(number for number, name in state.accounts.items() if name == self._account)
        found = match(self._wanted, state.instances, user_id)
        missing = [
            (wanted, _kept(provided or {}, state))
            for wanted, provided, record in zip_longest(self._wanted, self._provided, found)
            if record is None
        ]
        new_ids = count(max(state.last_instance_id, *(kept.get("id", 0) for _, kept in missing), 0) + 1)
        return [
            {"account": self._account, "id": kept.get("id") or next(new_ids)} | wanted.given() | kept
            for wanted, kept in missing
        ]

    def _create(self, wanted: WantedInstance) -> Record:
        values = wanted.given()
        port = values.pop("port", None)
        with _startup_errors(wanted):
            if port:
                self._check_port(wanted, port)
            ports = range(port, port + 1) if port else None
            return self._provisioner.create(self._account, values, ports=ports, boots=False)

    def _check_redis(self, wanted: WantedInstance, record: Record) -> None:
        """Check that the Redis of an instance was brought back; say why, if it was not. Raises StartupError."""
        engine = self._context.engine
        if engine.observation(record["id"]).is_lost:
            with _startup_errors(wanted):
                self._check_port(wanted, record["port"])
                engine.bring_back(record, self._account)

    def _check_port(self, wanted: WantedInstance, port: int) -> None:
        """Check that nothing else listens on a port. Raises StartupError, EngineFailed."""
        if self._context.engine.free_port([port]) is None:
            raise StartupError(
                f"the port {port} of --instance {wanted} is taken{listening_process(port)}; "
                "stop that, or choose another port"
            )


@contextlib.contextmanager
def _startup_errors(wanted: WantedInstance) -> Iterator[None]:
    """Turn an error about an instance into one that refuses the start."""
    try:
        yield
    except RequestError as error:
        problem = error.problem if isinstance(error, EngineFailed) else str(error)
        raise StartupError(f"the instance {wanted} (--instance) is not available: {problem}") from error


def match(wanted: Iterable[WantedInstance], records: Iterable[Record], user_id: int) -> list[Record | None]:
    """Return for each wanted instance the record that is it, or None; no record is taken for two.

    Raises StartupError when a port has an instance that is another than the wanted one.
    """
    by_port = {record["port"]: record for record in records}
    free = {port: record for port, record in by_port.items() if record["user_id"] == user_id}
    found = []
    for one in wanted:
        record = by_port.get(one.port) if one.port else _first_like(one, free.values())
        if record is not None:
            if problem := _contradiction(one, record, user_id):
                raise StartupError(problem)
            free.pop(record["port"])
        found.append(record)
    return found


def _first_like(wanted: WantedInstance, records: Iterable[Record]) -> Record | None:
    alike = (one for one in records if one["plan"] == wanted.plan and wanted.password in {None, one["password"]})
    return min(alike, key=lambda one: one["id"], default=None)


def _kept(provided: Record, state: State) -> Record:
    """Return what an instance keeps over a reset: neither an id nor a port that an instance of the fixture has got."""
    taken = {name: {record[name] for record in state.instances} for name in ("id", "port")}
    if provided.get("id", 0) > MAX_GIVEN_ID:  # the document could not have it
        taken["id"].add(provided["id"])
    return {
        name: provided[name]
        for name in ("id", "password", "port")
        if name in provided and provided[name] not in taken.get(name, ())
    }


def _contradiction(wanted: WantedInstance, record: Record, user_id: int) -> str:
    """Return in what an instance differs from the wanted one, and what to do; empty when it does not differ."""
    if record["user_id"] != user_id:
        problem, advice = "of another account", "choose another port"
    elif record["plan"] != wanted.plan:
        problem, advice = f"with the plan {record['plan']}", f"write --instance {record['plan']}@{wanted.port}"
    elif wanted.password not in {None, record["password"]}:
        problem = "with another password"
        advice = f"write --instance {wanted} to keep that password, or delete the instance"
    else:
        return ""
    return (
        f"--instance {wanted} contradicts the state: on the port {wanted.port} is instance {record['id']} {problem}; "
        f"{advice}, or start with another state: --state FILE"
    )
