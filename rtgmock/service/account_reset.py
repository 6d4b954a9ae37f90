"""The reset of one account: its instances go, and those that it had at the start come back. Others are not touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed, Invalid
from rtgmock.model.instances import moved
from rtgmock.model.plans import PLANS
from rtgmock.service.leftovers import describe
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.model.types import Record
    from rtgmock.service.context import ServiceContext
    from rtgmock.service.supervisor import Supervisor
    from rtgmock.storage.state import State
    from rtgmock.storage.transaction import Transaction


class AccountReset:
    """Returns one account to the start. The last id, the servers and the clock stay, since others use them as well."""

    def __init__(self, context: ServiceContext, supervisor: Supervisor) -> None:
        self._context, self._supervisor = context, supervisor
        self._store, self._placement, self._engine = context.store, context.placement, context.engine

    def reset(self, account: str, initial: State, then: Callable[[], object]) -> None:
        """Give an account the instances that ``initial`` has of it, in place of all that it has.

        Meanwhile no instance of the account is created or changed. The record decides, as in a reset of everything:
        each Redis is removed once that is stored, and until it is gone, none is started for the same id.

        ``then`` is called as soon as the new state is stored. Raises Invalid when an id or a port of the start is
        another account's, InternalError when nothing can be stored, and EngineFailed when nothing has changed, or when
        the text says what is not removed yet.
        """
        born = [record for record in initial.instances if initial.accounts[record["user_id"]] == account]
        with self._context.account_lock(account, {record["id"] for record in born}):
            gone = self._store.instances(account)
            if gone or born:
                self._engine.check()
                self._store_records(account, gone, born, initial)
            then()
            if self._engine.real and (gone or born):
                self._renew_servers(account, gone, born)

    def _store_records(self, account: str, gone: list[Record], born: list[Record], initial: State) -> None:
        """Store some records in place of others, all at once."""
        own_ports = {record["port"] for record in gone}
        while True:
            # Outside of the transaction, since it asks the engine. A create of another account may be faster.
            ported = self._with_free_ports(born, own_ports, initial)
            with self._store.transaction() as change:
                if any(self._is_foreign(record["port"], own_ports) for record in ported):
                    continue
                for record in gone:
                    change.remove_instance(record["id"])
                for record in ported:
                    change.put_instance(self._placed(change, account, record, initial))
                # Their ids had other data before, which a later start must not take for theirs.
                change.note_leftovers({record["id"] for record in born}, self._engine.name if self._engine.real else "")
                break
        ids = {record["id"] for record in (*gone, *born)}
        for instance_id in ids:
            self._context.health.clear(instance_id)
        self._supervisor.forget_failures(ids)

    def _is_foreign(self, port: int, own_ports: set[int]) -> bool:
        return port not in own_ports and self._placement.is_taken(port)

    def _with_free_ports(self, born: list[Record], own_ports: set[int], initial: State) -> list[Record]:
        """Return records with another port for each that has become another account's. Raises Invalid without one."""
        used, ported = {record["port"] for record in born}, []
        for record in born:
            port = record["port"]
            if self._is_foreign(port, own_ports):
                port = self._other_port(port, used)
                used.add(port)
            server = initial.servers[record["server_id"]].name
            ported.append(moved(record, server, server, port))
        return ported

    def _other_port(self, port: int, used: set[int]) -> int:
        # A URL that clients know from the start must not lead to another instance without a word.
        if port in self._placement.given_ports:
            raise _foreign(f"the port {port}")
        ports = self._context.config.ports
        if (other := self._placement.find_port(ports, used)) is None:
            raise self._placement.no_port(ports)
        return other

    def _placed(self, change: Transaction, account: str, record: Record, initial: State) -> Record:
        """Return a record of the start as it is to be stored: on its server, or on another if that is not there."""
        if self._store.instance(record["id"]) or self._placement.holds(record["id"]):
            raise _foreign(f"the id {record['id']}")
        change.use_instance_id(record["id"])
        user_id, before = change.account_id(account), initial.servers[record["server_id"]].name
        server_id = self._store.server_ids().get(before)
        if server_id is None:
            server_id, server = self._placement.server_for(change, PLANS[record["plan"]], user_id)
            record = moved(record, before, server, record["port"])
        return record | {"server_id": server_id, "user_id": user_id}

    def _renew_servers(self, account: str, gone: list[Record], born: list[Record]) -> None:
        """Remove each Redis of the old instances, and start those of the new ones. Raises EngineFailed."""
        leftovers, ids = self._context.leftovers, {record["id"] for record in (*gone, *born)}
        leftovers.add(ids)
        left = leftovers.remove_all(ids)
        self._supervisor.start(record["id"] for record in born)
        if left:
            name = printable(account, 40)
            raise EngineFailed(f"The account {name} is reset, but {describe(left)}; this is tried again")


def _foreign(what: str) -> Invalid:
    return Invalid(
        [f"{what} of the account's first instances is that of another account's instance now; reset everything"]
    )
