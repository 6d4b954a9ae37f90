"""The use cases over an engine whose operations wait until a test lets them go on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from rtgmock.engines.base import Condition, Observation
from rtgmock.engines.off import OffEngine
from rtgmock.randomness import Randomness
from rtgmock.service.context import ServiceContext
from rtgmock.service.maintenance import Maintenance
from rtgmock.service.provisioner import Provisioner
from rtgmock.service.supervisor import Supervisor
from rtgmock.service.wanted_instances import WantedInstances
from rtgmock.settings.config import Config
from rtgmock.storage.store import Store
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

    from rtgmock.model.types import Record

DEADLINE = 10.0
STATE_ID = "0123456789ab"


class Checkpoint:
    """A place in the engine where each thread waits until the test lets it go on, or makes it fail."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(DEADLINE)
        if self.error:
            raise self.error


class SlowEngine(OffEngine):
    """Redis servers that are a set of ids; an operation passes the checkpoint that the test put there."""

    real = True

    def __init__(self) -> None:
        self.running: set[int] = set()
        self.checkpoints: dict[tuple[str, int], Checkpoint] = {}

    def checkpoint(self, operation: str, instance_id: int) -> Checkpoint:
        return self.checkpoints.setdefault((operation, instance_id), Checkpoint())

    def _pass(self, operation: str, instance_id: int) -> None:
        if checkpoint := self.checkpoints.get((operation, instance_id)):
            checkpoint()

    def start(self, record: Record, account: str) -> str:
        self._pass("start", record["id"])
        self.running.add(record["id"])
        return "7.0.15"

    def apply(self, before: Record, after: Record, account: str) -> None:
        self._pass("apply", after["id"])

    def bring_back(self, record: Record, account: str) -> str:
        return str(record["version"]) if record["id"] in self.running else self.start(record, account)

    def observation(self, instance_id: int) -> Observation:
        return Observation(Condition.ANSWERS if instance_id in self.running else Condition.DOWN)

    def present(self) -> set[int]:
        return set(self.running)

    def destroy(self, instance_id: int) -> None:
        self._pass("destroy", instance_id)
        self.running.discard(instance_id)


class SlowService:
    """The use cases for one account over a slow engine, and threads to do several things at once."""

    def __init__(self, pool: ThreadPoolExecutor, **settings: Any) -> None:
        config = Config(**{"state": None, "random_seed": 7, **settings})
        self.engine, self._pool = SlowEngine(), pool
        self.store = Store.open(config.state, STATE_ID)
        self.context = ServiceContext(config, self.store, ManualClock(), Randomness(7), self.engine)
        self.provisioner, self.supervisor = Provisioner(self.context), Supervisor(self.context)
        self.wanted = WantedInstances(self.context, self.provisioner)
        self.maintenance = Maintenance(self.context, self.supervisor, self.wanted)
        self.account = "username"
        self.calls: list[str] = []
        """The engine's methods that were called, where a test notes them."""

    def create(self, plan: str = "nano") -> Record:
        return self.provisioner.create(self.account, {"plan": plan})

    def update(self, instance_id: int, **values: Any) -> Record:
        return self.provisioner.update(self.account, instance_id, values)[1]

    def destroy(self, instance_id: int) -> None:
        self.provisioner.destroy(self.account, instance_id)

    def status(self, instance_id: int) -> str:
        return str(self.provisioner.get(self.account, instance_id)["status"])

    def run_until(self, checkpoint: Checkpoint, job: Callable[..., Any], *arguments: Any, **values: Any) -> Future[Any]:
        """Run a job in another thread; return when it has reached the checkpoint."""
        future = self._pool.submit(job, *arguments, **values)
        assert checkpoint.reached.wait(DEADLINE)
        return future

    def run(self, job: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a job in another thread, and don't wait for it."""
        return self._pool.submit(job, *arguments)

    def close(self) -> None:
        """Let all that waits go on, and close the store."""
        for checkpoint in self.engine.checkpoints.values():
            checkpoint.opened.set()
        self.store.close()
