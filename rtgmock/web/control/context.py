"""What the control API acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtgmock.clock import ControlledClock
    from rtgmock.faults.registry import FaultRegistry
    from rtgmock.journal.journal import Journal
    from rtgmock.service.maintenance import Maintenance
    from rtgmock.service.supervisor import Supervisor
    from rtgmock.web.health import HealthState
    from rtgmock.wire.renderings import Renderings


@dataclass(frozen=True)
class ControlContext:
    """The parts of an emulator that the control API shows and changes."""

    clock: ControlledClock
    supervisor: Supervisor
    maintenance: Maintenance
    faults: FaultRegistry
    journal: Journal
    renderings: Renderings
    health: HealthState
    api: int
    """The version of the emulated API."""

    def reset(self) -> None:
        """Return to the empty state, or to the fixture: faults, clock, instances and journal. Raises EngineFailed."""
        # The clock before the supervisor: the fixture's instances are created at the current time. The journal last,
        # so that it still shows what led to a reset that fails.
        for part in (self.faults, self.clock, self.maintenance, self.renderings, self.journal):
            part.reset()
