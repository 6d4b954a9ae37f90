"""The table of the kinds of faults. A new kind is a module here and its entry in ``KINDS`` and in ``Keys``.

The two cannot be one: type checkers accept only a class statement as the type of keyword arguments.
"""

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
"""In the order in which the kinds of one rule act: an error or a drop is raised before later kinds see the request."""


class Keys(status.Keys, delay.Keys, drop.Keys, truncate.Keys, content_type.Keys, upgrade.Keys):
    """The keyword arguments of all kinds in Python."""
