"""The room that connections share: places for a limited number of them, and memory for what they hold.

Where it is used up, the connection that has been in the way for longest makes room. Which one that is, is known
without a look at all of them: each dict here is in the order of time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.server.limits import Limits

SMALL = 16 * 1024
"""Bytes of a request that each connection may hold. Nearly all requests are smaller."""
GRACE_SECONDS = 0.1
"""A connection is closed for another one after so long at the earliest: its next request may be on its way."""


class Occupant(Protocol):
    """A connection, from when it is accepted to its end."""

    def abort(self) -> None:
        """End the connection at once."""
        ...

    def read_on(self) -> None:
        """Read the rest of a large request."""
        ...


class Host(Protocol):
    """What the room needs of its server."""

    limits: Limits

    def now(self) -> float:
        """Return the seconds of a monotonic clock."""
        ...


class _Untaken(NamedTuple):
    """An answer that its client doesn't take."""

    size: int
    since: float


class Room:
    """Who has a place and who holds memory, and who loses it to others.

    ``on_place`` is called when a newcomer may find a place again.
    """

    def __init__(self, host: Host, on_place: Callable[[], None]) -> None:
        self._host = host
        self._on_place = on_place
        self._occupants: set[Occupant] = set()
        self._idle: dict[Occupant, float] = {}
        """Those of whose requests none is being answered, and since when."""
        self._large: set[Occupant] = set()
        """Those that hold much of a request that is not complete."""
        self._large_waiting: dict[Occupant, None] = {}
        self._untaken: dict[Occupant, _Untaken] = {}
        self._untaken_size = 0
        self._cut = 0

    # Places

    @property
    def is_full(self) -> bool:
        """Whether there is no place for a newcomer."""
        return len(self._occupants) >= self._host.limits.connections

    def enter(self, occupant: Occupant) -> None:
        """Give a newcomer a place."""
        self._occupants.add(occupant)
        self.idle(occupant)

    def leave(self, occupant: Occupant) -> None:
        """Take note that a connection has ended."""
        self._occupants.discard(occupant)
        self._idle.pop(occupant, None)
        self.may_hold(occupant, 0)
        self.untaken(occupant, 0)
        self._on_place()

    def busy(self, occupant: Occupant) -> None:
        """Take note that a request is being answered."""
        self._idle.pop(occupant, None)

    def idle(self, occupant: Occupant) -> None:
        """Take note that a connection is new, or that its request is answered.

        It stays idle while the next request arrives: else a client would keep its place by a byte now and then.
        """
        self._idle.pop(occupant, None)
        self._idle[occupant] = self._host.now()
        self._on_place()

    def make_place(self) -> bool:
        """End the connection that is idle longest; return whether there is one.

        When all are being answered, it is one whose client takes nothing of its answer.
        """
        occupant = self._longest_idle() or self._longest_untaken()
        if occupant is None:
            return False
        self.leave(occupant)
        occupant.abort()
        return True

    def _longest_idle(self) -> Occupant | None:
        occupant, since = next(iter(self._idle.items()), (None, 0.0))
        return occupant if self._host.now() - since >= GRACE_SECONDS else None

    def _longest_untaken(self) -> Occupant | None:
        occupant, untaken = next(iter(self._untaken.items()), (None, None))
        if untaken is None or self._host.now() - untaken.since < self._host.limits.stalled_seconds:
            return None
        self._cut += 1
        return occupant

    # Memory

    def may_hold(self, occupant: Occupant, size: int) -> bool:
        """Return whether a connection may read on, which holds ``size`` bytes of its next request.

        A few connections may hold much. The others wait until one of them holds little again, in their order.
        """
        if size <= SMALL:
            self._large_waiting.pop(occupant, None)
            if occupant in self._large:
                self._large.remove(occupant)
                self._let_large_read_on()
            return True
        if occupant not in self._large and len(self._large) >= self._host.limits.large_requests:
            self._large_waiting[occupant] = None
            return False
        self._large.add(occupant)
        return True

    def _let_large_read_on(self) -> None:
        if self._large_waiting and len(self._large) < self._host.limits.large_requests:
            occupant = next(iter(self._large_waiting))
            del self._large_waiting[occupant]
            self._large.add(occupant)
            occupant.read_on()

    def untaken(self, occupant: Occupant, size: int) -> None:
        """Take note of how much a client has not taken of an answer, which now is more, or 0 when it goes on."""
        if known := self._untaken.pop(occupant, None):
            self._untaken_size -= known.size
        if not size:
            return
        self._untaken[occupant] = _Untaken(size, self._host.now())
        self._untaken_size += size
        while self._untaken_size > self._host.limits.untaken and len(self._untaken) > 1:
            longest = next(iter(self._untaken))
            self.cut(longest)

    def cut(self, occupant: Occupant) -> None:
        """End the connection of a client that takes nothing of its answer."""
        self.untaken(occupant, 0)
        self._cut += 1
        occupant.abort()

    def take_cut(self) -> int:
        """Return how many connections were cut since the last call."""
        cut, self._cut = self._cut, 0
        return cut
