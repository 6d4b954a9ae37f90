"""The faults in force. At most one applies to a request: the first that does, in the order in which they were added."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from rtgmock.errors import Invalid
from rtgmock.faults.base import Match
from rtgmock.faults.rule import parse_rule
from rtgmock.model.validation import Mistakes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtgmock.faults.base import HttpExchange
    from rtgmock.faults.rule import Rule, Trigger
    from rtgmock.randomness import Randomness


class Fault:
    """A rule in force, until it is removed; as a context manager, until the end of the block.

    ``matched`` counts the requests that the rule matches, ``applied`` those of them that it made fail.
    """

    def __init__(self, registry: FaultRegistry, fault_id: int, rule: Rule) -> None:
        self._registry = registry
        self.id = fault_id
        self.rule = rule
        self.matched = 0
        self.applied = 0

    def remove(self) -> None:
        """Remove the fault. Does nothing the second time."""
        self._registry.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def document(self) -> dict[str, Any]:
        """Return the fault as the control API shows it."""
        return {"id": self.id, **self.rule.values, "matched": self.matched, "applied": self.applied}


class AppliedFault:
    """A fault and the one request that it applies to."""

    def __init__(self, fault: Fault, match: Match) -> None:
        self.fault_id = fault.id
        self._rule = fault.rule
        self._match = match

    def on_request(self, exchange: HttpExchange) -> None:
        """Act before the request is carried out. Raises RequestError to answer it with that error instead."""
        self._rule.on_request(self._match, exchange)

    def on_response(self, exchange: HttpExchange) -> None:
        """Act on the response before it is sent."""
        self._rule.on_response(self._match, exchange)


class FaultRegistry:
    """The faults in force, by id. Every method may be called from any thread."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._faults)

    def faults(self) -> list[Fault]:
        """Return all faults in force, the oldest first."""
        with self._lock:
            return list(self._faults.values())

    def add(self, documents: Sequence[object]) -> list[Fault]:
        """Put rules in force, all of them or none. Raises Invalid with the mistakes in any of them."""
        rules: list[Rule] = []
        mistakes = Mistakes()
        for number, document in enumerate(documents, 1):
            try:
                rules.append(parse_rule(document, f"rule {number}: " if len(documents) > 1 else ""))
            except Invalid as error:
                mistakes.add(*error.messages)
        # Only when all of them are right: a test that adds a list must not go on with a part of it.
        mistakes.refuse()
        with self._lock:
            return [self._add(rule) for rule in rules]

    def _add(self, rule: Rule) -> Fault:
        """Add one rule. The caller must hold the lock."""
        self._last_id += 1
        fault = self._faults[self._last_id] = Fault(self, self._last_id, rule)
        return fault

    def get(self, fault_id: int) -> Fault | None:
        """Return the fault with that id; None when it is not in force."""
        # No lock: a single look-up in a dict is atomic.
        return self._faults.get(fault_id)

    def remove(self, fault: Fault) -> None:
        """Remove a fault, if it is in force."""
        with self._lock:
            # After a reset another fault may have the same id.
            if self._faults.get(fault.id) is fault:
                del self._faults[fault.id]

    def clear(self, account: str | None = None) -> None:
        """Remove all faults, or those for an account alone; new ones get the next ids."""
        with self._lock:
            if account is None:
                self._faults.clear()
            else:
                kept = self._faults.items()
                self._faults = {number: fault for number, fault in kept if fault.rule.account != account}

    def reset(self) -> None:
        """Remove all faults and start with id 1 again, so that a seed draws the same random values again."""
        with self._lock:
            self._faults.clear()
            self._last_id = 0

    def apply(self, trigger: Trigger, *, only_count: bool = False) -> AppliedFault | None:
        """Count a request for every rule that it matches, and return the first fault that applies to it.

        With ``only_count`` none applies: the request has its one fault already.
        """
        applied = None
        with self._lock:
            # Every rule counts the request, also after one has applied: nth is about all matching requests.
            for fault in self._faults.values():
                if fault.rule.matches(trigger):
                    fault.matched += 1
                    match = Match(fault.id, fault.matched, fault.rule.values, self._randomness)
                    if applied is None and not only_count and fault.rule.applies(match, fault.applied):
                        fault.applied += 1
                        applied = AppliedFault(fault, match)
        return applied
