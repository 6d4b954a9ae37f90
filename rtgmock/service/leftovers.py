"""What instances that are gone have left: a Redis or data that is still to be destroyed."""

from __future__ import annotations

import contextlib
import logging
import shlex
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rtgmock.errors import EngineFailed, InternalError
from rtgmock.text import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from rtgmock.engines.base import Engine
    from rtgmock.locks import KeyedLocks
    from rtgmock.storage.store import Store

MAX_PARALLEL = 8
"""How many Redis servers are started or removed at the same time."""
_MAX_SHOWN = 10
"""How many ids a sentence lists."""
_MAX_REASON = 100


class Leftovers:
    """The ids of instances that are gone, and of which the engine has not destroyed everything yet.

    A record always goes first, and durably. So what belongs to no record may be destroyed at any time, also after a
    restart. An id of another state may live again, though, before what its former life has left is destroyed: so the
    store keeps the ids as well, and no Redis is started for one until that is done. What the engine has of an id in
    here is never the living instance's.

    The store keeps them by engine: each destroys its own, when it runs.

    ``remove`` is called by several threads; each holds the instance's lock while it looks and destroys.
    """

    def __init__(self, engine: Engine, store: Store, locks: KeyedLocks[threading.RLock]) -> None:
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

    def find(self, present: set[int]) -> set[int]:
        """Note and return all ids of which something is to be destroyed, given those of which the engine has any."""
        alive = {record["id"] for record in self._store.instances()}
        noted = self._store.leftovers().get(self._engine.name, set())
        # Where all is left of another state, no instance has a Redis before the store knows that it is destroyed.
        found = present | alive if noted is None else noted | present - alive
        self.add(found)
        return found

    def remove(self, instance_id: int) -> None:
        """Destroy what is left of an id, if anything is. Raises EngineFailed, InternalError; it stays noted then."""
        with self._locks.of(instance_id):
            if instance_id in self._ids:
                self._engine.destroy(instance_id)
                self._note(gone={instance_id})

    def try_to_remove(self, instance_id: int) -> None:
        """Destroy what is left of an id, or let that be tried again later, and log why."""
        with self._locks.of(instance_id):  # so that no other thread destroys it before the store notes that it is left
            try:
                self.remove(instance_id)
            except (EngineFailed, InternalError) as error:
                self._report({instance_id: error.problem})
                with contextlib.suppress(InternalError):  # the engine finds it at its next start all the same
                    self._note(left={instance_id})

    def remove_all(self, ids: Iterable[int] | None = None) -> Mapping[int, str]:
        """Destroy what is left of all ids, or of some, several at a time; return why that of some is still there.

        Needs the instances' locks, or the exclusive state lock, if other threads use the state.
        """
        ids = sorted(self.ids() if ids is None else ids)
        with ThreadPoolExecutor(MAX_PARALLEL) as pool:
            reasons = dict(zip(ids, pool.map(self._destroy, ids), strict=True))
        problems = {number: reason for number, reason in reasons.items() if reason}
        gone = set(reasons.keys() - problems.keys())
        try:
            self._note(gone=gone, left=problems.keys())
        except InternalError as error:
            problems |= dict.fromkeys(gone, error.problem)
        self._report(problems)
        return problems

    def _destroy(self, instance_id: int) -> str:
        """Destroy what is left of an id; return the reason if that fails."""
        try:
            self._engine.destroy(instance_id)
        except EngineFailed as error:
            return error.problem
        return ""

    def _note(self, *, gone: AbstractSet[int] = frozenset(), left: AbstractSet[int] = frozenset()) -> None:
        """Note that what was left of ids is destroyed, or that it is still there. Raises InternalError."""
        name = self._engine.name
        noted = self._store.leftovers().get(name)
        is_last = self._store.last_engine() == name
        if self._engine.real and (noted is None or gone & noted or not left <= noted or not is_last):
            with self._store.transaction() as change:
                noted = self._store.leftovers().get(name, set())
                change.put_leftovers(name, ((self.ids() if noted is None else noted) | left) - gone)
        with self._guard:  # only now, so that no id lives again before the store knows
            self._ids -= gone
            self._reported -= gone

    def report_others(self, state: Path) -> None:
        """Log what other engines have left of a state, each with the command that removes it."""
        for name, ids in self._store.leftovers().items():
            if name != self._engine.name and ids != set():
                logging.getLogger("rtgmock").warning(
                    "the engine %s %s; to have that removed, start it once: %s",
                    printable(name),
                    "may have Redis servers and data of an earlier state" if ids is None else _still_has(ids),
                    shlex.join(["rtgmock", "serve", "--redis", printable(name), "--state", str(state.resolve())]),
                )

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


def describe(left: Mapping[int, str]) -> str:
    """Return what ``remove_all`` could not destroy, as a part of a sentence."""
    ids = ", ".join(map(str, list(left)[:_MAX_SHOWN])) + (", ..." if len(left) > _MAX_SHOWN else "")
    # The reason is the longest part, and no message has more than 300 characters.
    reason = shortened(next(iter(left.values())), _MAX_REASON)
    return f"what its old instances have left is not removed yet, of {ids}: {reason}"


def _still_has(ids: set[int]) -> str:
    shown = ", ".join(map(str, sorted(ids)[:_MAX_SHOWN])) + (", ..." if len(ids) > _MAX_SHOWN else "")
    return f"still has what is left of the Redis of former instances, of {shown}"
