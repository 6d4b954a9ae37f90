"""Child processes that end when the process that started them is killed, and whether this one is in a container."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_CONTAINER_MARKERS = ("/.dockerenv", "/run/.containerenv")
"""Files that Docker and Podman put into every container."""


def is_containerized() -> bool:
    """Return whether this process runs in a container."""
    return any(Path(marker).exists() for marker in _CONTAINER_MARKERS)


def die_with_parent() -> Callable[[], None] | None:
    """Return a ``preexec_fn`` with which a child receives SIGTERM when the thread that starts it ends; None off Linux.

    The child is bound to the thread, not to the process (``prctl(2)``): it must be started from a thread that lives on.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Looked up before the fork: between fork and exec, another thread's lock on the loader would never be released.
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            # The parent died before prctl. A Redis without its configuration would be open to everybody.
            os._exit(1)

    return bind
