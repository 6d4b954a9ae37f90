"""What the use cases have in common: the records, the engine, and who may touch which instance when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtgmock.attendance import Attendance
from rtgmock.locks import Gate, Locks

if TYPE_CHECKING:
    from rtgmock.attributes import Record
    from rtgmock.clock import Clock
    from rtgmock.config import Config
    from rtgmock.engines.engine import Engine
    from rtgmock.ids import Chance
    from rtgmock.store import Store


@dataclass
class Premises:
    """Whoever changes an instance is ``among_others`` at the gate and holds the instance's lock, in this order."""

    config: Config
    store: Store
    clock: Clock
    chance: Chance
    engine: Engine
    gate: Gate = field(default_factory=Gate)
    locks: Locks = field(default_factory=Locks)
    attendance: Attendance = field(init=False)

    def __post_init__(self) -> None:
        self.attendance = Attendance(self.engine, self.clock)

    def amend(self, instance_id: int, changes: Record) -> None:
        """Write changes into a record, of which reads may meanwhile have changed something else."""
        if changes:
            with self.store.transaction() as change:
                record = self.store.instance(instance_id)
                if record is not None:
                    change.put_instance(record | changes)
