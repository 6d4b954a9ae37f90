"""The one failure that the service's documentation names: no room for an upgrade on the instance's server."""

from __future__ import annotations

from typing import Literal, TypedDict

from rtgmock.faults.base import FaultKind, Mode, RuleKey


class Keys(TypedDict, total=False):
    """The keyword arguments of Upgrade."""

    upgrade: Literal[True, "no room"]


class Upgrade(FaultKind):
    """Makes an upgrade fail as on a full server. It has no action here: the upgrade asks whether a rule applies."""

    keys = (
        RuleKey(
            "upgrade",
            Mode(("no room",)),
            "`true`, `no room`",
            "Fail an upgrade with a `422` as if its server were full (documented); nothing changes. The rule matches "
            "only upgrades that there is room for.",
        ),
    )
    conflicts = ("status",)
    at_upgrade = True
