"""The one failure that the service's documentation names: no room for an upgrade on the instance's server."""

from __future__ import annotations

from typing import Literal, TypedDict

from rtgmock.faults.base import FaultKind, Key, Mode


class Keys(TypedDict, total=False):
    """See Upgrade."""

    upgrade: Literal[True, "no room"]


class Upgrade(FaultKind):
    """The server counts as full, and the upgrade fails as it does on one that is."""

    keys = (
        Key(
            "upgrade",
            Mode(("no room",)),
            "`true`, `no room`",
            "An upgrade finds its server full (documented): `422`, and nothing changed. The rule matches upgrades "
            "that there is room for, and nothing else.",
        ),
    )
    conflicts = ("status",)
    at_upgrade = True
