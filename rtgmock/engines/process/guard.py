"""The guard: a small process that ends the Redis servers of an emulator that was killed.

On Linux the kernel sends them SIGTERM then, but a Redis that cannot save, as on a full disk, refuses to end by it; and
other systems send nothing. The guard reads which servers there are from a pipe, which ends when the emulator does,
however that happens. Then it lets each server save and end, and kills those that do not.

It runs as a script, without the rest of the package: ``python guard.py``.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GRACE = 4.0
"""Seconds that a server has to end that writes no snapshot."""
SAVING = 12.0
"""Seconds that a server has to end that writes a snapshot."""
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that a terminal or a service manager sends to all processes of the emulator: its guard ends after it."""
_POLL_INTERVAL = 0.05


def is_saving(folder: Path, number: int) -> bool:
    """Return whether the server with this process id writes a snapshot in its folder.

    It writes to this file, which is renamed when it is complete and removed when that fails. The server's log does
    not tell it reliably: it may be on the same full disk.
    """
    return (folder / f"temp-{number}.rdb").exists()


def must_end(folder: Path, number: int, seconds: float) -> bool:
    """Return whether a server is to be killed that was told to end so many seconds ago."""
    return seconds > (SAVING if is_saving(folder, number) else GRACE)


class GuardedServer:
    """A server that the emulator runs."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.folder = number, folder
        self._descriptor: int | None = None
        # It still names the process when that has ended, and another one may have the number.
        with contextlib.suppress(AttributeError, OSError):  # not on this system, or it has ended already
            self._descriptor = os.pidfd_open(number)

    def is_running(self) -> bool:
        """Return whether the process has not ended."""
        if self._descriptor is not None:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            return not poll.poll(0)
        try:
            os.kill(self.number, 0)
        except OSError:
            return False
        return True

    def send(self, signal_number: int) -> None:
        """Send a signal to the server, and SIGKILL to the processes as well that save for it."""
        with contextlib.suppress(OSError):
            if signal_number == signal.SIGKILL:
                os.killpg(self.number, signal_number)
            else:
                os.kill(self.number, signal_number)

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)


def read_servers(lines: Iterable[bytes]) -> list[GuardedServer]:
    """Read which servers begin (``+ 123 /folder``) and end (``- 123``); return those that are left at the end."""
    servers: dict[int, GuardedServer] = {}
    for line in lines:
        sign, number, *folder = line.decode(errors="surrogateescape").rstrip("\n").split(" ", 2)
        if (ended := servers.pop(int(number), None)) is not None:
            ended.close()
        if sign == "+":
            servers[int(number)] = GuardedServer(int(number), Path(*folder))
    return list(servers.values())


def end_all(servers: Iterable[GuardedServer]) -> None:
    """Let all servers save and end, and kill those that take too long."""
    running = [server for server in servers if server.is_running()]
    for server in running:
        server.send(signal.SIGTERM)
        server.send(signal.SIGCONT)  # a suspended process does not handle the signal
    begun = time.monotonic()
    while running := [server for server in running if server.is_running()]:
        for server in running:
            if must_end(server.folder, server.number, time.monotonic() - begun):
                server.send(signal.SIGKILL)
        time.sleep(_POLL_INTERVAL)


def main() -> None:
    """Wait for the emulator's end, and end the servers that are left then."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    end_all(read_servers(sys.stdin.buffer))


if __name__ == "__main__":
    main()
