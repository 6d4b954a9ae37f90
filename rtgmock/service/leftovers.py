"""What instances that are gone have left: a Redis or data that is still to be destroyed."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed, InternalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtgmock.engines.base import Engine
    from rtgmock.locks import KeyedLocks
    from rtgmock.storage.store import Store

MAX_PARALLEL = 8
"""How many Redis servers are started or removed at the same time."""


class Leftovers:
    """The ids of instances that are gone, and of which the engine has not destroyed everything yet.

    A record always goes first, and durably. So what belongs to no record may be destroyed at any time, also after a
    restart. An id of another state may live again, though, before what its former life has left is destroyed: then
    the store keeps the id as well, and no Redis is started for it until that is done. So what the engine has of an id
    in here is never the living instance's.

    ``remove`` is called by several threads; each holds the instance's lock while it looks and destroys.
    """

    def __init__(self, engine: Engine, store: Store, locks: KeyedLocks) -> None:
        self._engine, self._store, self._locks = engine, store, locks
        self._guard = threading.Lock()
        self._ids: set[int] = set()
        self._reported: set[int] = set()

    def __contains__(self, instance_id: int) -> bool:
        return instance_id in self._ids

    def ids(self) -> set[int]:
        """Return all ids."""
        with self._guard:
            return set(self._ids)

    def add(self, ids: Iterable[int]) -> None:
        """Note ids whose Redis and data are to be destroyed."""
        with self._guard:
            self._ids.update(ids)

    def remove(self, instance_id: int) -> None:
        """Destroy what is left of an id, if anything is. Raises EngineFailed, InternalError; it stays noted then."""
        with self._locks.of(instance_id):
            if instance_id in self._ids:
                self._engine.destroy(instance_id)
                self._forget({instance_id})

    def try_to_remove(self, instance_id: int) -> None:
        """Destroy what is left of an id, or let that be tried again later, and log why."""
        try:
            self.remove(instance_id)
        except (EngineFailed, InternalError) as error:
            self._report({instance_id: _reason(error)})

    def remove_all(self) -> Mapping[int, str]:
        """Destroy what is left of all ids, several at a time; return why that of some is still there.

        Needs the exclusive state lock, if other threads use the state.
        """
        ids = sorted(self.ids())
        with ThreadPoolExecutor(MAX_PARALLEL) as pool:
            reasons = dict(zip(ids, pool.map(self._destroy, ids), strict=True))
        problems = {number: reason for number, reason in reasons.items() if reason}
        gone = reasons.keys() - problems.keys()
        try:
            self._forget(gone)
        except InternalError as error:
            problems |= dict.fromkeys(gone, _reason(error))
        self._report(problems)
        return problems

    def _destroy(self, instance_id: int) -> str:
        """Destroy what is left of an id; return the reason if that fails."""
        try:
            self._engine.destroy(instance_id)
        except EngineFailed as error:
            return error.problem
        return ""

    def _forget(self, ids: Iterable[int]) -> None:
        """Note that what was left of ids is destroyed: in the store first, so that they may live again."""
        gone = set(ids)
        if gone & self._store.leftovers():
            with self._store.transaction() as change:
                change.remove_leftovers(gone)
        with self._guard:
            self._ids -= gone
            self._reported -= gone

    def _report(self, problems: Mapping[int, str]) -> None:
        """Log why what is left of ids is still there: once for each."""
        with self._guard:
            new = problems.keys() - self._reported
            self._reported |= new
        for instance_id in sorted(new):
            logging.getLogger("rtgmock").warning(
                "what is left of the Redis of instance %d could not be removed yet: %s",
                instance_id,
                problems[instance_id],
            )


def _reason(error: EngineFailed | InternalError) -> str:
    # The text of the other error says that nothing has changed, which is wrong here.
    return error.problem if isinstance(error, EngineFailed) else "the state file cannot be written"
