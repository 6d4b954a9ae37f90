"""Follows the journal of a running emulator, also over its resets and restarts."""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rtgmock.cli.running import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 0.1
"""Seconds between two looks at the journal."""
# The emulator calls its application in the loop's own thread, so an answer that waits for the next request would need
# a thread for each client that follows. Asking costs it some hundred microseconds ten times a second.


class Follower:
    """Reads the journal again and again. ``fetch`` asks for it with some parameters; ``note`` is told what happens."""

    def __init__(self, fetch: Callable[[dict[str, Any]], dict[str, Any]], note: Callable[[str], None]) -> None:
        self._fetch, self._note = fetch, note
        self._journal, self._since, self._is_there = "", 0, True

    def entries(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest ``limit`` entries at the first call, then those that have come since the previous one.

        Raises UnreachableError if no emulator answers at the first call.
        """
        try:
            answer = self._fetch({"since": self._since} if self._journal else {"limit": limit})
            if self._journal and answer["journal"] != self._journal:
                answer = self._begin_again()
        except UnreachableError as error:
            if not self._journal:
                raise
            if self._is_there:
                self._note(f"the emulator is gone ({error}); waiting until it answers again")
            self._is_there = False
            return []
        self._journal, self._is_there = answer["journal"], True
        found: list[dict[str, Any]] = answer["requests"]
        self._since = max([self._since, *(entry["number"] for entry in found)])
        return found

    def _begin_again(self) -> dict[str, Any]:
        """Return all of a new journal, in which the numbers begin at 1 again."""
        what = "the emulator was reset" if self._is_there else "the emulator answers again"
        self._note(f"{what}; its requests before that are gone")
        self._since = 0
        return self._fetch({"since": 0})


def is_read_after(seconds: float) -> bool:
    """Wait some seconds, or until the reader of the standard output is gone; return whether it is still there."""
    try:
        poller = select.poll()
        poller.register(sys.stdout.fileno(), 0)
    except (AttributeError, OSError, ValueError):  # Windows has no poll; then a write finds out
        time.sleep(seconds)
        return True
    return not poller.poll(seconds * 1000)


def leave_output() -> None:
    """Let Python's last flush of a closed standard output say nothing."""
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends


def note_line(text: str) -> None:
    """Print what happens to the emulator to the standard error: the standard output has requests alone."""
    click.echo(click.style(f"rtgmock: {text}", dim=True), err=True)
