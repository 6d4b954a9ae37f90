"""All that is random: passwords, the names of servers, and faults with a probability. With a seed it repeats."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# The service named its servers after fishes. The first four are recorded, the others are ours. None has a hyphen:
# pkgcloud takes the part of a label before its first hyphen for the host.
# fmt: off
FISHES = (
    "ray", "goosefish", "catfish", "crestfish", "anchovy", "barb", "bass", "bream", "carp", "char", "cod", "dace",
    "dory", "drum", "eel", "flounder", "gar", "goby", "grouper", "haddock", "hake", "halibut", "herring", "koi",
    "lamprey", "ling", "loach", "mackerel", "marlin", "minnow", "mullet", "perch", "pike", "plaice", "pollock",
    "roach", "salmon", "sardine", "shad", "skate", "smelt", "snapper", "sole", "sprat", "sturgeon", "sunfish",
    "tarpon", "tench", "tetra", "trout", "tuna", "turbot", "wrasse", "zander",
)
# fmt: on


class Randomness:
    """Random values; with a seed the same values in each run.

    Each value has a generator that depends on the value's purpose and on the id of the thing that it is for. So
    threads that create instances at the same time cannot change each other's values.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    def _generator(self, purpose: str, number: int) -> random.Random:
        if self._seed is None:
            return secrets.SystemRandom()
        return random.Random(f"{self._seed}:{purpose}:{number}")  # noqa: S311 - asked for by --random-seed

    def password(self, instance_id: int) -> str:
        """Return 32 lower-case hex digits (documented)."""
        return f"{self._generator('password', instance_id).getrandbits(128):032x}"

    def config_command(self, instance_id: int) -> str:
        """Return 32 lower-case hex digits (recorded)."""
        return f"{self._generator('config_command', instance_id).getrandbits(128):032x}"

    def uniform(self, purpose: str, number: int, count: int) -> float:
        """Return a float in [0, 1) for the ``count``-th draw; repeatable with a seed."""
        return self._generator(f"{purpose}:{count}", number).random()

    def state_id(self) -> str:
        """Return an id for a new state. It never repeats, with a seed neither: it tells emulators' containers apart."""
        return secrets.token_hex(6)

    def server_name(self, server_id: int, taken: Collection[str]) -> str:
        """Return a fish that no other server is named after; a fish with a number when all are taken."""
        free = [fish for fish in FISHES if fish not in taken]
        if free:
            return self._generator("server", server_id).choice(free)
        return f"{self._generator('server', server_id).choice(FISHES)}{server_id}"
