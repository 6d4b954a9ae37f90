"""Where an instance goes: a server with room for its memory, and a port."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from rtgmock.errors import Invalid
from rtgmock.text import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from rtgmock.engines.base import Engine
    from rtgmock.model.plans import Plan
    from rtgmock.model.types import Record
    from rtgmock.randomness import Randomness
    from rtgmock.settings.config import Config
    from rtgmock.storage.state import Server
    from rtgmock.storage.store import Store
    from rtgmock.storage.transaction import Transaction


class Placement:
    """Finds servers and ports, and keeps those that creates and updates in progress are going to use.

    A room, and a port once it was found, are taken in a transaction: two threads that look at the same time must not
    take the same. Only ``find_port`` and ``check_downgrade`` ask the engine, so they are called outside of one;
    ``release`` needs none, since it only ever makes room.
    """

    def __init__(self, config: Config, store: Store, engine: Engine, randomness: Randomness) -> None:
        self._config = config
        self._store = store
        self._engine = engine
        self._randomness = randomness
        self._reserved: dict[int, Record] = {}
        self.given_ports: set[int] = set()
        """Ports that the fixture or the settings give to an instance: others get them last, also if that is gone."""

    def reserve(self, record: Record) -> None:
        """Keep the memory and the port of an instance as it is going to be, until ``release``."""
        self._reserved[record["id"]] = record

    def release(self, instance_id: int) -> None:
        """Count an instance as it is stored."""
        self._reserved.pop(instance_id, None)

    def server_for(self, change: Transaction, plan: Plan, user_id: int) -> tuple[int, str]:
        """Return the id and name of the first server with room for an account's plan, which may be a new server.

        Where every name is an account, each has servers of its own: tests that run side by side don't take each
        other's room. Raises Invalid for a plan that is larger than a server.
        """
        capacity = self._config.server_memory
        if plan.memory > capacity:
            needs = f"{format_size(plan.memory)}, and a server has {format_size(capacity)}"
            raise Invalid([f"Plan {plan.name} needs {needs}; restart with a larger --server-memory"])
        servers = self._own_servers(user_id) if self._config.admits_any else self._store.servers()
        # Servers fill up one after the other (ours), so the first one with room is taken, not the emptiest.
        for server_id, used in sorted(self._memory_by_server(servers).items()):
            if used + plan.memory <= (servers[server_id].memory or capacity):
                return server_id, servers[server_id].name
        ids = self._store.server_ids()
        server_id = max(ids.values(), default=0) + 1
        name = self._randomness.server_name(server_id, ids.keys())
        change.add_server(server_id, name)
        return server_id, name

    def _own_servers(self, user_id: int) -> dict[int, Server]:
        """Return the servers that have no instance of another account, and will get none."""
        others = {record["server_id"] for record in self._reservations() if record["user_id"] != user_id}
        return self._store.own_servers(user_id, others)

    def _memory_by_server(self, ids: Iterable[int]) -> dict[int, int]:
        """Return the bytes in use on servers, including what creates and updates in progress add."""
        used = self._store.memory_by_server(ids)
        for record in self._reservations():
            if record["server_id"] in used:
                stored = self._store.instance(record["id"])
                # A downgrade in progress frees nothing yet: it may still fail.
                used[record["server_id"]] += max(record["memory"] - (stored["memory"] if stored else 0), 0)
        return used

    def _reservations(self) -> list[Record]:
        # A copy, since another thread may release a reservation while this one counts.
        return list(self._reserved.values())

    def holds(self, instance_id: int) -> bool:
        """Return whether an instance of that id is reserved for, since it is created or changed."""
        return instance_id in self._reserved

    def find_port(self, ports: range, exclude: Container[int] = ()) -> int | None:
        """Return the lowest port of a range that no instance has and nothing else listens on, or None.

        Another thread may find the same one, so the caller looks at ``is_taken`` in the transaction that takes it.
        """
        reserved = self._reserved_ports()

        def unused(*, given: bool) -> Iterator[int]:
            for port in self._store.unused_ports(ports):
                if (port in self.given_ports) is given and port not in reserved and port not in exclude:
                    yield port

        return self._engine.free_port(chain(unused(given=False), unused(given=True)))

    def is_taken(self, port: int | None) -> bool:
        """Return whether an instance has a port, or is going to have it."""
        return port is not None and (self._store.is_port_taken(port) or port in self._reserved_ports())

    def _reserved_ports(self) -> set[int]:
        return {record["port"] for record in self._reservations()}

    def no_port(self, ports: range) -> Invalid:
        """Return the error of a create for which ``find_port`` has found nothing."""
        problem = f"all of {ports[0]}-{ports[-1]} are taken"
        return Invalid([f"Port can't be assigned: {problem}; delete an instance, or restart with a wider --ports"])

    def check_upgrade(self, before: Record, plan: Plan, fail_upgrade: Callable[[], bool]) -> None:
        """Check that an instance's server has the room that an upgrade needs (documented).

        ``fail_upgrade`` is called when there is room; true makes the upgrade fail anyway (fault injection).
        Raises Invalid.
        """
        server_id = before["server_id"]
        server = self._store.servers()[server_id]
        free = (server.memory or self._config.server_memory) - self._memory_by_server([server_id])[server_id]
        needed = plan.memory - before["memory"]
        # Asked only when it decides: a fault counts the upgrades that it made fail.
        if 0 < needed <= free and fail_upgrade():
            free = 0
        if needed > max(free, 0):
            available = format_size(max(free, 0))
            room = f"the server {server.name} has {available} free, and {format_size(needed)} more are needed"
            raise Invalid([f"Plan can't be changed to {plan.name}: {room}"])

    def check_downgrade(self, before: Record, plan: Plan) -> None:
        """Check that what an instance holds fits into a smaller plan. Raises Invalid, EngineFailed."""
        if plan.memory < before["memory"] and (held := self._engine.used_memory(before)) > plan.memory:
            room = f"the instance holds {format_size(held)}, and the plan has {format_size(plan.memory)}"
            raise Invalid([f"Plan can't be changed to {plan.name}: {room}"])
