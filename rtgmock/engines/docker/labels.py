"""The labels of what is made in Docker: whose it is, and where whether that one is gone can be seen."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from rtgmock.engines.ownership import me

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.engines.docker.own_container import OwnContainer

LABEL = "io.rtgmock"
STATE_LABEL = f"{LABEL}.state"
INSTANCE_LABEL = f"{LABEL}.instance"
PORT_LABEL = f"{LABEL}.port"
HOST_LABEL = f"{LABEL}.host"
"""Where the state file is, or the emulator that has none: a machine's name, or OwnContainer.place."""
FILE_LABEL = f"{LABEL}.file"
"""The state file. A thing has this label or the next one."""
OWNER_LABEL = f"{LABEL}.owner"
"""The emulator's process."""
CONTAINER_LABEL = f"{LABEL}.container"
"""The id of the container that the emulator ran in."""
STARTED_LABEL = f"{LABEL}.started"
"""When that container was started, since its next run knows nothing of a state in memory."""


def of_state(state_id: str, file: Path | None, own: OwnContainer | None) -> dict[str, str]:
    """What all things of a state bear."""
    labels = {LABEL: "yes", STATE_LABEL: state_id, HOST_LABEL: host(file, own)}
    labels |= {FILE_LABEL: str(file)} if file else {OWNER_LABEL: me()}
    return labels | ({CONTAINER_LABEL: own.id, STARTED_LABEL: own.started} if own else {})


def host(file: Path | None, own: OwnContainer | None) -> str:
    """Where a file, or else this process, is."""
    return own.place(file) if own else socket.gethostname()
