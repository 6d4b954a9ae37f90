"""The room on the servers of a document that describes a state."""

from __future__ import annotations

from collections import Counter
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
        # For each size, how many servers at the beginning have no room for it. They never will, so they are not asked
        # again: otherwise the time would grow with the square of the document.
        self._full: Counter[int] = Counter()

    def take(self, server_id: int, memory: int) -> None:
        """Count an instance's memory as used."""
        self._used[server_id] += memory

    def find(self, memory: int) -> int:
        """Return the id of the first server with room for an instance, which may be a new server."""
        while self._full[memory] < len(self._order):
            server_id = self._order[self._full[memory]]
            if self._used[server_id] + memory <= (self._servers[server_id].memory or self._capacity):
                return server_id
            self._full[memory] += 1
        return self.add_server(self._last + 1)

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
