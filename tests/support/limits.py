"""Other limits for a running server, so that a test reaches them quickly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Served


def limit(api: Served, **changes: Any) -> None:
    """Change some of the limits: ``limit(api, idle_seconds=0.0)``."""
    server = api.emulator._parts.server
    server.limits = replace(server.limits, **changes)
