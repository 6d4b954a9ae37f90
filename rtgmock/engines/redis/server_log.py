"""What a server's log tells of its end."""

from __future__ import annotations

HANG_TIMEOUT = 2.0
"""Seconds after which a server is killed that was told to end and has not begun to. One that saves gets longer."""
CANNOT_SAVE = "cannot save its data"
"""Of a server: with this, the reason begins why it refuses to end."""
_READY = "Ready to accept connections"
_ENDING = "requested shutdown"
"""In the line that a server writes when it begins to end, before it saves: ``User requested shutdown...``"""
_REFUSAL = "can't exit"
"""In the line of a server that runs on since it cannot save: ``Error trying to save the DB, can't exit.``"""
_FAILURES = ("Write error", "Failed opening", "Error moving", "error")


def is_ending(log: str) -> bool:
    """Return whether a server that was told to end does so: it may take long to save, but does not hang."""
    return _ENDING in log.rpartition(_READY)[2]


def refusal(log: str) -> str:
    """Return why a server that was told to end runs on: it cannot save; ``log`` begins at that moment.

    Empty when it does not refuse.
    """
    if _REFUSAL not in log:
        return ""
    problem = _save_problem(log)
    return f"{CANNOT_SAVE} ({problem})" if problem else CANNOT_SAVE


def _save_problem(log: str) -> str:
    """Return why a server could not save, as far as its log tells that: the system's own words, or nothing."""
    lines = [line.partition(" # ")[2] for line in log.splitlines()]
    problems = [line for line in lines if ": " in line and line.startswith(_FAILURES)]
    return problems[-1].rpartition(": ")[2] if problems else ""
