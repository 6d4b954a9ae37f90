"""What the control API acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock.journal.filter import Filter

if TYPE_CHECKING:
    from rtgmock.clock import ControlledClock
    from rtgmock.faults.registry import FaultRegistry
    from rtgmock.journal.journal import Journal
    from rtgmock.service.maintenance import Maintenance
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.service.supervisor import Supervisor
    from rtgmock.settings.config import Config
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
    config: Config
    provisioner: Provisioner

    def reset(self) -> None:
        """Return to the empty state, or to the fixture: faults, clock, instances and journal.

        Raises InternalError and EngineFailed as ``Maintenance.reset`` does.
        """
        # The fixture's instances are created at the time that the clock is about to show. All else is reset once the
        # new state is stored: if it cannot be, nothing changes, and the journal shows what led to that.
        self.maintenance.reset(self.clock.base_now(), self._reset_others)

    def reset_account(self, account: str) -> None:
        """Return one account to what it had at the start: its instances, the faults for it, and its journal entries.

        Raises Invalid, InternalError and EngineFailed as ``Maintenance.reset_account`` does.
        """

        def reset_others() -> None:
            self.faults.clear(account)
            self.renderings.reset(account)
            self.journal.remove(Filter(account=account))

        self.maintenance.reset_account(account, reset_others)

    def _reset_others(self) -> None:
        for part in (self.faults, self.clock, self.renderings, self.journal):
            part.reset()
