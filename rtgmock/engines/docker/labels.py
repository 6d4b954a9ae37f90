"""The labels of everything that is made in Docker: who made it, and how to find out whether that emulator is gone."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from rtgmock.engines.ownership import current_owner

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.engines.docker.own_container import OwnContainer

LABEL = "io.rtgmock"
STATE_LABEL = f"{LABEL}.state"
INSTANCE_LABEL = f"{LABEL}.instance"
PORT_LABEL = f"{LABEL}.port"
HOST_LABEL = f"{LABEL}.host"
"""Where the state file is, or without one the emulator: a machine's name, or ``OwnContainer.location``."""
FILE_LABEL = f"{LABEL}.file"
"""The path of the state file. Everything has either this label or the next one."""
OWNER_LABEL = f"{LABEL}.owner"
"""The emulator's process, as ``ownership.current_owner`` names it."""
CONTAINER_LABEL = f"{LABEL}.container"
"""The id of the container in which the emulator runs."""
STARTED_LABEL = f"{LABEL}.started"
"""When that container was started: a state in memory ends with the run, though the container stays."""


def state_labels(state_id: str, state_file: Path | None, own: OwnContainer | None) -> dict[str, str]:
    """Return the labels that everything of one state has."""
    labels = {LABEL: "yes", STATE_LABEL: state_id, HOST_LABEL: location(state_file, own)}
    labels |= {FILE_LABEL: str(state_file)} if state_file else {OWNER_LABEL: current_owner()}
    return labels | ({CONTAINER_LABEL: own.id, STARTED_LABEL: own.started} if own else {})


def location(state_file: Path | None, own: OwnContainer | None) -> str:
    """Return where the state file is, or without one this process, as HOST_LABEL has it."""
    return own.location(state_file) if own else socket.gethostname()
