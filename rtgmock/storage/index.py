"""What is derived from all instances, kept so that it costs the same at any number of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rtgmock.model.types import Record


class InstanceIndex:
    """Each account's instances, the ports that instances have, and the memory that they take on each server."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_account: dict[int, dict[int, Record]] = {}
        self.ports: Counter[int] = Counter()
        """How many instances have each port: one, where the state is valid."""
        self.memory: Counter[int] = Counter()
        """The bytes of each server's instances."""
        self.owners: dict[int, Counter[int]] = {}
        """The accounts that have instances on a server, each with their number; without the servers that are empty."""
        self.booting: Counter[int] = Counter()
        """The number of each account's instances that boot, for those that have any."""
        self._unused: dict[range, _UnusedPorts] = {}
        for record in records:
            self.replace(None, record)

    def replace(self, before: Record | None, after: Record | None) -> None:
        """Count an instance as it is now; None before it is there, and when it is removed."""
        # An account's instances have the order of the table: there, one that changes keeps its place.
        if before is not None and (after is None or after["user_id"] != before["user_id"]):
            self._of(before).pop(before["id"], None)
        if after is not None:
            self._of(after)[after["id"]] = after
        if before is not None:
            self._give_back(before)
        if after is not None:
            self._take(after)

    def of_account(self, user_id: int) -> Collection[Record]:
        """Return an account's instances, in the order in which they were created."""
        return self._by_account.get(user_id, {}).values()

    def _of(self, record: Record) -> dict[int, Record]:
        return self._by_account.setdefault(record["user_id"], {})

    def _take(self, record: Record) -> None:
        self.memory[record["server_id"]] += record["memory"]
        self.owners.setdefault(record["server_id"], Counter())[record["user_id"]] += 1
        self.ports[record["port"]] += 1
        if record["boot"] is not None:
            self.booting[record["user_id"]] += 1
        for unused in self._unused.values():
            unused.take(record["port"])

    def _give_back(self, record: Record) -> None:
        self.memory[record["server_id"]] -= record["memory"]
        owners = self.owners[record["server_id"]]
        owners -= Counter({record["user_id"]: 1})
        if not owners:
            del self.owners[record["server_id"]]
        self.ports[record["port"]] -= 1
        if record["boot"] is not None:
            self.booting -= Counter({record["user_id"]: 1})  # and without those that have none left
        if not self.ports[record["port"]]:
            del self.ports[record["port"]]
            for unused in self._unused.values():
                unused.give_back(record["port"])

    def unused_ports(self, ports: range, after: int) -> Iterator[int]:
        """Give the ports of a range, from the lowest above ``after``, that no instance has."""
        if ports not in self._unused:
            self._unused[ports] = _UnusedPorts(ports, self.ports)
        return self._unused[ports].above(after)


class _UnusedPorts:
    """The ports of a range that no instance has: those above all used ones, and the gaps between the used ones."""

    def __init__(self, ports: range, used: Counter[int]) -> None:
        self._used = used
        self._top, self._end = ports.start, ports.stop
        """Each port from ``_top`` on is looked up; below it, the unused ones are the gaps."""
        self._gaps: list[int] = []
        self._raise_top()

    def take(self, port: int) -> None:
        place = bisect_left(self._gaps, port)
        if place < len(self._gaps) and self._gaps[place] == port:
            del self._gaps[place]
        self._raise_top()

    def give_back(self, port: int) -> None:
        if port < self._top:
            insort(self._gaps, port)

    def _raise_top(self) -> None:
        while self._top < self._end and self._top in self._used:
            self._top += 1

    def above(self, after: int) -> Iterator[int]:
        yield from self._gaps[bisect_left(self._gaps, after + 1) :]
        yield from (port for port in range(max(self._top, after + 1), self._end) if port not in self._used)
