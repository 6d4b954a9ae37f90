"""What the health endpoint tells of an emulator."""

from __future__ import annotations

from dataclasses import dataclass


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
