"""``GET /_rtgmock/health``: whether requests are answered."""

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
    """Whether the emulator is stopping, since when it runs, in ticks of its clock, and its engine's name."""

    started: float
    engine: str
    stopping: bool = False

    def stop(self) -> None:
        """Answer from now on that the emulator is stopping."""
        self.stopping = True


def blueprint(life: HealthState, clock: Clock) -> Blueprint:
    """The health endpoint. 200 with version, engine and uptime in seconds; 503 while stopping. No Basic auth."""
    health = Blueprint("health", __name__)

    @health.get(HEALTH_PATH, strict_slashes=False)
    def show() -> Response:
        body = {
            "status": "stopping" if life.stopping else "ok",
            "version": __version__,
            "engine": life.engine,
            "uptime": round(clock.ticks() - life.started, 3),
        }
        return Response(orjson.dumps(body), 503 if life.stopping else 200, content_type="application/json")

    return health
