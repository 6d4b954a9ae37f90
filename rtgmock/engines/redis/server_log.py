"""What a server's log tells of its end."""

from __future__ import annotations

HANG_TIMEOUT = 2.0
"""Seconds after which a server is killed that was told to end and has not begun to. One that saves gets longer."""
_READY = "Ready to accept connections"
_ENDING = "requested shutdown"
"""In the line that a server writes when it begins to end, before it saves: ``User requested shutdown...``"""


def is_ending(log: str) -> bool:
    """Return whether a server that was told to end does so: it may take long to save, but does not hang."""
    return _ENDING in log.rpartition(_READY)[2]
