"""The kinds of faults that there are. A new one is a module here, and its name in both places below."""

from __future__ import annotations

from rtgmock.faults.kinds import content_type, delay, drop, status, truncate, upgrade

KINDS = (
    status.Status(),
    delay.Delay(),
    drop.Drop(),
    truncate.Truncate(),
    content_type.ContentType(),
    upgrade.Upgrade(),
)


class Keys(status.Keys, delay.Keys, drop.Keys, truncate.Keys, content_type.Keys, upgrade.Keys):
    """The keywords that rules are written with in Python."""
