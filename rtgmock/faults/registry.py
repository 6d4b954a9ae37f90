"""The faults in force. One a request: the first rule that applies, in the order in which they were added."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from rtgmock.errors import Invalid
from rtgmock.faults.base import Match
from rtgmock.faults.rule import parse_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtgmock.faults.base import Exchange
    from rtgmock.faults.rule import Rule, Seen
    from rtgmock.randomness import Randomness


class Fault:
    """A rule in force, till it is removed; as a context manager, till the end of the block.

    ``matched`` counts the requests that it was about, ``applied`` those among them that went wrong by it.
    """

    def __init__(self, registry: FaultRegistry, fault_id: int, rule: Rule) -> None:
        self._registry = registry
        self.id = fault_id
        self.rule = rule
        self.matched = 0
        self.applied = 0

    def remove(self) -> None:
        """Let nothing go wrong by it any more. A second time does nothing."""
        self._registry.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def document(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return {"id": self.id, **self.rule.values, "matched": self.matched, "applied": self.applied}


class AppliedFault:
    """A fault and the one request that it applies to."""

    def __init__(self, fault: Fault, match: Match) -> None:
        self.fault_id = fault.id
        self._rule = fault.rule
        self._hit = match

    def begin(self, exchange: Exchange) -> None:
        """Act before the request is carried out. Raises RequestError to answer it instead."""
        self._rule.begin(self._hit, exchange)

    def finish(self, exchange: Exchange) -> None:
        """Act on the answer before it goes out."""
        self._rule.finish(self._hit, exchange)


class FaultRegistry:
    """The faults in force, by id. Of use to many threads at once."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._faults)

    def faults(self) -> list[Fault]:
        """All that are in force, the oldest first."""
        with self._lock:
            return list(self._faults.values())

    def add(self, documents: Sequence[object]) -> list[Fault]:
        """Put rules in force, all of them or none. Raises Invalid with every mistake in any of them."""
        read: list[Rule] = []
        mistakes: list[str] = []
        for number, document in enumerate(documents, 1):
            try:
                read.append(parse_rule(document, f"rule {number}: " if len(documents) > 1 else ""))
            except Invalid as error:
                mistakes += error.messages
        if mistakes:
            raise Invalid(mistakes)
        with self._lock:
            return [self._put(rule) for rule in read]

    def _put(self, rule: Rule) -> Fault:
        self._last_id += 1
        fault = self._faults[self._last_id] = Fault(self, self._last_id, rule)
        return fault

    def get(self, fault_id: int) -> Fault | None:
        """The fault of that id, if it is in force."""
        return self._faults.get(fault_id)

    def remove(self, fault: Fault) -> None:
        """Take one out of force, if it is in it."""
        with self._lock:
            if self._faults.get(fault.id) is fault:  # ids begin anew with a reset
                del self._faults[fault.id]

    def clear(self) -> None:
        """Take all out of force; the ids go on."""
        with self._lock:
            self._faults.clear()

    def reset(self) -> None:
        """Take all out of force, and begin anew with the ids: what was drawn by chance is drawn again."""
        with self._lock:
            self._faults.clear()
            self._last_id = 0

    def strike(self, seen: Seen, *, taken: bool = False) -> AppliedFault | None:
        """Count a request for every rule that it matches, and find the one that applies, unless one did before."""
        struck = None
        with self._lock:
            for fault in self._faults.values():
                if fault.rule.matches(seen):
                    fault.matched += 1
                    match = Match(fault.id, fault.matched, fault.rule.values, self._randomness)
                    if struck is None and not taken and fault.rule.applies(match, fault.applied):
                        fault.applied += 1
                        struck = AppliedFault(fault, match)
        return struck
