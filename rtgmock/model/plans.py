"""The table of plans: one row each. Everything else that depends on plans reads it."""

from __future__ import annotations

from dataclasses import dataclass

from rtgmock.text import GB, MB


@dataclass(frozen=True)
class Plan:
    """A plan: its price in dollars a month, its memory in bytes, and the number of clients that may connect.

    The price is 0 for the free plan, and None for a paid one whose price of those years is not known.
    """

    name: str
    price: int | None
    memory: int
    connections: int

    @property
    def vm_max_memory(self) -> int:
        """90 % of the memory, rounded down (documented and recorded)."""
        return self.memory * 9 // 10

    @property
    def persistence(self) -> str:
        """Snapshots for the free plan, an append-only file for the paid ones (recorded, blog)."""
        return "snapshot" if self.price == 0 else "aof"


# The prices and the sizes up to small are documented, recorded or in the blog. The sizes above small are ours. The plan
# smedium is observed: Heroku sold it for $75 in 2014.
_ROWS = (
    Plan("nano", 0, 5 * MB, 10),
    Plan("mini", 5, 20 * MB, 50),
    Plan("small", 20, 100 * MB, 256),
    Plan("smedium", None, 250 * MB, 384),
    Plan("medium", 110, 500 * MB, 512),
    Plan("large", 300, 1536 * MB, 1024),
    Plan("super", 1000, 5 * GB, 2048),
    Plan("mega", 4000, 20 * GB, 4096),
)

PLANS = {plan.name: plan for plan in _ROWS}
