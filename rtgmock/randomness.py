"""Randomness, passed in to whatever needs it: passwords, the names of servers, and faults."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# The service named its servers after fishes. The first four are on record, the rest are ours. None has a
# hyphen: pkgcloud takes what stands before a label's first one for the host.
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
    """Random values; with a seed the same from run to run.

    Every value is drawn for the id that it belongs to, so that threads which create at the same time
    cannot change each other's draws.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    def _draws(self, purpose: str, number: int) -> random.Random:
        if self._seed is None:
            return secrets.SystemRandom()
        return random.Random(f"{self._seed}:{purpose}:{number}")  # noqa: S311 - asked for by --random-seed

    def password(self, instance_id: int) -> str:
        """32 lower-case hex digits (documented)."""
        return f"{self._draws('password', instance_id).getrandbits(128):032x}"

    def config_command(self, instance_id: int) -> str:
        """32 lower-case hex digits (recorded)."""
        return f"{self._draws('config_command', instance_id).getrandbits(128):032x}"

    def uniform(self, purpose: str, number: int, count: int) -> float:
        """From 0 up to 1, for the how manieth time that something is left to chance."""
        return self._draws(f"{purpose}:{count}", number).random()

    def state_id(self) -> str:
        """What tells one state's containers from another's. Never the same twice, with a seed either."""
        return secrets.token_hex(6)

    def server_name(self, server_id: int, taken: Collection[str]) -> str:
        """A fish that no other server is called by; with a number once all are taken."""
        free = [fish for fish in FISHES if fish not in taken]
        if free:
            return self._draws("server", server_id).choice(free)
        return f"{self._draws('server', server_id).choice(FISHES)}{server_id}"
