"""What was last seen of each instance's Redis."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from rtgmock.engines.base import Condition, Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSEEN = Observation(Condition.DOWN)


class Observations:
    """The last observation of each instance, for any thread to read without waiting.

    A probe takes a while, and what it found may be out of date: it is kept only if the instance was not changed
    since the probe began. Without that, a probe of the moment before a restart would hide the restart.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[int, Observation] = {}
        self._moment = 0
        self._changed: dict[int, int] = {}
        """The moment of each instance's last change. It stays when the instance is gone: a reset gives its id again."""
        self._changing: defaultdict[int, int] = defaultdict(int)
        """How many threads change each instance."""

    def of(self, instance_id: int) -> Observation:
        """Return the last observation; of an instance that was never seen, that it is down."""
        return self._last.get(instance_id, _UNSEEN)

    def moment(self) -> int:
        """Return the present moment, for ``add``. A probe begins with it, before the instance's record is read."""
        return self._moment

    def is_changing(self, instance_id: int) -> bool:
        """Return whether an instance is being changed, so that no probe of it would count."""
        return self._changing[instance_id] > 0

    def add(self, instance_id: int, begun: int, observation: Observation) -> bool:
        """Keep what a probe has found, and return True, unless the instance was changed since the probe began."""
        with self._lock:
            if self.is_changing(instance_id) or self._changed.get(instance_id, 0) > begun:
                return False
            self._last[instance_id] = observation
            return True

    def put(self, instance_id: int, observation: Observation) -> None:
        """Keep what the thread that changes an instance knows. Probes that began before don't count."""
        with self._lock:
            self._note_change(instance_id)
            self._last[instance_id] = observation

    def put_condition(self, instance_id: int, condition: Condition) -> None:
        """Keep in what condition the thread that changes an instance knows it to be; its attributes stay as known."""
        self.put(instance_id, Observation(condition, self.of(instance_id).attributes))

    @contextlib.contextmanager
    def changing(self, instance_id: int) -> Iterator[None]:
        """Let no probe of an instance count that overlaps with the block: it would see the change half made."""
        with self._lock:
            self._changing[instance_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._changing[instance_id] -= 1
                self._note_change(instance_id)

    def forget(self, instance_id: int) -> None:
        """Forget an instance that is gone."""
        with self._lock:
            self._note_change(instance_id)
            self._last.pop(instance_id, None)

    def _note_change(self, instance_id: int) -> None:
        self._moment += 1
        self._changed[instance_id] = self._moment
