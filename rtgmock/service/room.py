"""The room on the servers of a document that describes a state."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rtgmock.storage.state import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtgmock.randomness import Randomness


class Room:
    """The room on the servers of a document, to which servers are added when all of them are full."""

    def __init__(self, servers: dict[int, Server], capacity: int, randomness: Randomness) -> None:
        self.ids = ids_by_name({number: server.name for number, server in servers.items()})
        """The servers' ids by name."""
        self._servers = servers
        self._order = list(servers)
        self._last = max(servers, default=0)
        self._capacity = capacity
        self._randomness = randomness
        self._used: Counter[int] = Counter()
        self._owners: defaultdict[int, set[int]] = defaultdict(set)
        # How many servers at the beginning have instances; how many of them are all others' than an owner's; and how
        # many have no room for an owner's instance of a size. None of that ever shrinks, so they are not asked again:
        # otherwise the time would grow with the square of the document.
        self._occupied = 0
        self._foreign: dict[int, int] = {}
        self._full: dict[tuple[int, int], int] = {}

    def take(self, server_id: int, memory: int, owner: int = 0) -> None:
        """Count an instance's memory as used."""
        self._used[server_id] += memory
        self._owners[server_id].add(owner)
        self._foreign.setdefault(owner, 0)

    def find(self, memory: int, owner: int = 0) -> int:
        """Return the id of the first server with room for an instance, and without those of another ``owner``.

        It may be a new server.
        """
        while self._occupied < len(self._order) and self._order[self._occupied] in self._owners:
            self._occupied += 1
        size = memory, owner
        start = self._full.get(size) or self._foreign.setdefault(owner, self._occupied)
        for place in range(start, len(self._order)):
            self._full[size] = place
            if self._has_room(self._order[place], memory, owner):
                return self._order[place]
        self._full[size] = len(self._order)
        return self.add_server(self._last + 1)

    def _has_room(self, server_id: int, memory: int, owner: int) -> bool:
        capacity = self._servers[server_id].memory or self._capacity
        is_own = server_id not in self._owners or self._owners[server_id] == {owner}
        return is_own and self._used[server_id] + memory <= capacity

    def add_server(self, server_id: int) -> int:
        """Add a server with a new name, and return its id."""
        name = self._randomness.server_name(server_id, self.ids.keys())
        self._servers[server_id] = Server(name)
        self._order.append(server_id)
        self._last = max(self._last, server_id)
        self.ids.setdefault(name, server_id)
        return server_id


def ids_by_name(names: Mapping[int, str]) -> dict[str, int]:
    """Return the ids by name; of two equal names, that of the first."""
    ids: dict[str, int] = {}
    for number, name in names.items():
        ids.setdefault(name, number)
    return ids
