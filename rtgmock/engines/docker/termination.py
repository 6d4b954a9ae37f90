"""How a container is ended whose server does not end by itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rtgmock.engines.docker.outages import DOCKER_ERRORS
from rtgmock.engines.redis import server_log
from rtgmock.engines.runner import warn_of_kill

if TYPE_CHECKING:
    from docker.models.containers import Container

_SHUTDOWN_LINES = 20
"""More lines than a server writes at its end."""


def kill_unless_ending(container: Container, instance_id: int) -> None:
    """Kill a container whose server was told to end and does not: it hangs, or cannot save."""
    with contextlib.suppress(*DOCKER_ERRORS):
        log = container.logs(tail=_SHUTDOWN_LINES).decode(errors="replace")
        refusal = server_log.refusal(log)
        if server_log.is_ending(log) and not refusal:
            return
        container.kill()
        warn_of_kill(instance_id, refusal or "hangs")
