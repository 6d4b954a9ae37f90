"""How a server is ended: it saves what its persistence promises, or it is killed, and the reason is told."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import psutil

from rtgmock.engines.process import guard
from rtgmock.engines.redis import server_log
from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from pathlib import Path

LOG = "redis.log"
"""The file in a server's folder that it writes its log to."""
_FIRST_WAIT, _POLL_INTERVAL = 0.1, 0.02
"""Seconds until a server's log is looked at, and between two looks: most servers have ended by then."""
_KILL_TIMEOUT = 10.0
_NO_ROOM = f"{server_log.CANNOT_SAVE} (no space is left on its disk)"


def read_log(folder: Path) -> str:
    """Return what a server has written; nothing when that cannot be read."""
    with contextlib.suppress(OSError):
        return (folder / LOG).read_text(errors="replace")
    return ""


def terminate(number: int, folder: Path, *, kill: bool) -> str:
    """Let a server save and end, given its process id and its folder; kill one that hangs or takes too long.

    Return why it was killed; an empty text if it ended by itself. One that cannot save, as on a full disk, refuses to
    end: with ``kill`` it is killed, else it runs on and EngineFailed is raised.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        before = len(read_log(folder))
        process.terminate()
        process.resume()  # a suspended process does not handle the signal
        if problem := _problem(process, folder, before):
            if not kill and problem.startswith(server_log.CANNOT_SAVE):
                raise EngineFailed(f"The instance's Redis {problem}")
            process.kill()
            process.wait(_KILL_TIMEOUT)
            return problem
    return ""


def _problem(process: psutil.Process, folder: Path, before: int) -> str:
    """Wait for a server that was told to end; return why it does not, or an empty text once it has ended.

    Its log from the character ``before`` on tells most; on a full disk it may tell nothing.
    """
    begun, pause = time.monotonic(), _FIRST_WAIT
    while True:
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(pause)
            return ""
        pause, seconds = _POLL_INTERVAL, time.monotonic() - begun
        log = read_log(folder)[before:]
        if refusal := server_log.refusal(log):
            return refusal
        is_ending = server_log.is_ending(log) or guard.is_saving(folder, process.pid)
        hangs = seconds > server_log.HANG_TIMEOUT and not is_ending
        if hangs or guard.must_end(folder, process.pid, seconds):
            return _NO_ROOM if _is_full(folder) else f"did not end within {seconds:.0f} seconds"


def _is_full(folder: Path) -> bool:
    with contextlib.suppress(OSError, AttributeError):
        return os.statvfs(folder).f_bavail == 0
    return False
