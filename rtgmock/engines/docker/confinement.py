"""How a Redis's container is confined: what its client could do to the host through a hole in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDED_BY_ROOT = ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"]
"""What the entry points of Redis's and Valkey's images need: as root they give the data to a user, and become it."""
_MAX_PROCESSES = 64
"""Threads count. A server has about six, and one more process while it saves."""


def options(image: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of ``containers.create`` for an image, given its configuration.

    The server runs as the image's own user, who needs no capability at all; only an image without one gets some.
    """
    return {
        "cap_drop": ["ALL"],
        "cap_add": [] if image.get("User") else _NEEDED_BY_ROOT,
        "security_opt": ["no-new-privileges"],
        "pids_limit": _MAX_PROCESSES,
    }
