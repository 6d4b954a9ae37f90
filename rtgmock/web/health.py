"""``GET /_rtgmock/health``: whether the emulator answers requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response

from rtgmock.paths import HEALTH_PATH
from rtgmock.version import __version__

if TYPE_CHECKING:
    from rtgmock.clock import Clock


@dataclass
class HealthState:
    """What the health endpoint tells of an emulator: when it started, its engine, and whether it is stopping."""

    started: float
    """The clock's ticks at the start."""
    engine: str
    """The engine's name."""
    stopping: bool = False

    def stop(self) -> None:
        """Answer from now on that the emulator is stopping."""
        self.stopping = True


def blueprint(health_state: HealthState, clock: Clock) -> Blueprint:
    """Return the endpoint: 200 with version, engine and uptime in seconds; 503 while the emulator stops.

    It needs no credentials, as load balancers and container health checks have none.
    """
    health = Blueprint("health", __name__)

    @health.get(HEALTH_PATH, strict_slashes=False)
    def show() -> Response:
        body = {
            "status": "stopping" if health_state.stopping else "ok",
            "version": __version__,
            "engine": health_state.engine,
            # By ticks: the time of day may have been set by a test.
            "uptime": round(clock.ticks() - health_state.started, 3),
        }
        return Response(orjson.dumps(body), 503 if health_state.stopping else 200, content_type="application/json")

    return health
