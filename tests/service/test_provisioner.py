"""Who has to wait for whom while a Redis starts, changes or ends: an engine that takes its time tells."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.engines.base import OffEngine
from rtgmock.errors import EngineFailed, Invalid, NotFound
from rtgmock.model.lifecycle import BootDelay
from rtgmock.randomness import Randomness
from rtgmock.service.context import ServiceContext
from rtgmock.service.provisioner import Account, Provisioner
from rtgmock.service.supervisor import Supervisor
from rtgmock.settings.config import Config
from rtgmock.storage.store import Store
from rtgmock.text import MB
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtgmock.model.attributes import Record

DEADLINE = 10.0


class Checkpoint:
    """A place in the engine where whoever comes waits until the test lets it go on, or makes it fail."""

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
        self.alive_now: set[int] = set()
        self.checkpoints: dict[tuple[str, int], Checkpoint] = {}

    def checkpoint(self, operation: str, instance_id: int) -> Checkpoint:
        return self.checkpoints.setdefault((operation, instance_id), Checkpoint())

    def _pass(self, operation: str, instance_id: int) -> None:
        if checkpoint := self.checkpoints.get((operation, instance_id)):
            checkpoint()

    def start(self, record: Record, account: str) -> str:
        self._pass("start", record["id"])
        self.alive_now.add(record["id"])
        return "7.0.15"

    def apply(self, before: Record, after: Record, account: str) -> None:
        self._pass("apply", after["id"])

    def alive(self, record: Record) -> bool:
        return record["id"] in self.alive_now

    def probe(self, record: Record) -> Record | None:
        return {} if self.alive(record) else None

    def destroy(self, instance_id: int) -> None:
        self._pass("destroy", instance_id)
        self.alive_now.discard(instance_id)


class House:
    """A provisioner over a slow engine, an account, and threads to do several things at once."""

    def __init__(self, pool: ThreadPoolExecutor, **settings: Any) -> None:
        config = Config(**{"state": None, "random_seed": 7, **settings})
        self.engine, self._pool = SlowEngine(), pool
        self.store = Store.open(None, "0123456789ab")
        context = ServiceContext(config, self.store, ManualClock(), Randomness(7), self.engine)
        self.provisioner, self.supervisor = Provisioner(context), Supervisor(context)
        self.account: Account = self.provisioner.account("username")

    def create(self, plan: str = "nano") -> Record:
        return self.provisioner.create(self.account, {"plan": plan})

    def update(self, instance_id: int, **values: Any) -> Record:
        return self.provisioner.update(self.account, instance_id, values)[1]

    def destroy(self, instance_id: int) -> None:
        self.provisioner.destroy(self.account, instance_id)

    def status(self, instance_id: int) -> str:
        return str(self.provisioner.get(self.account, instance_id)["status"])

    def meanwhile(self, checkpoint: Checkpoint, job: Callable[..., Any], *arguments: Any, **values: Any) -> Future[Any]:
        """Run a job in a thread of its own; come back when it has reached the checkpoint."""
        future = self._pool.submit(job, *arguments, **values)
        assert checkpoint.reached.wait(DEADLINE)
        return future

    def soon(self, job: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._pool.submit(job, *arguments)


@pytest.fixture
def house() -> Iterator[Callable[..., House]]:
    made: list[House] = []
    with ThreadPoolExecutor(4) as pool:

        def build(**settings: Any) -> House:
            made.append(House(pool, **settings))
            return made[-1]

        yield build
        for one in made:
            for checkpoint in one.engine.checkpoints.values():
                checkpoint.opened.set()
            one.store.close()


def test_a_lost_redis_that_takes_long_to_start_keeps_nobody_waiting(house: Callable[..., House]) -> None:
    home = house()
    home.create()
    home.engine.alive_now.clear()
    checkpoint = home.engine.checkpoint("start", 1)
    revival = home.meanwhile(checkpoint, home.supervisor.reconcile)

    made = home.create()
    home.update(made["id"], timeout=7)
    home.destroy(made["id"])
    assert home.status(1) == "failed"

    checkpoint.opened.set()
    revival.result(DEADLINE)
    assert home.status(1) == "running"


def test_an_instance_that_is_deleted_while_its_redis_is_brought_back_is_gone_for_good(
    house: Callable[..., House],
) -> None:
    home = house()
    home.create()
    home.engine.alive_now.clear()
    checkpoint = home.engine.checkpoint("start", 1)
    revival = home.meanwhile(checkpoint, home.supervisor.reconcile)
    deletion = home.soon(home.destroy, 1)

    checkpoint.opened.set()
    revival.result(DEADLINE)
    deletion.result(DEADLINE)

    assert home.engine.alive_now == set()
    assert home.store.instances() == []


def test_a_redis_is_not_brought_back_whose_instance_is_being_deleted(house: Callable[..., House]) -> None:
    home = house()
    home.create()
    home.engine.alive_now.clear()
    checkpoint = home.engine.checkpoint("destroy", 1)
    deletion = home.meanwhile(checkpoint, home.destroy, 1)
    revival = home.soon(home.supervisor.reconcile)

    checkpoint.opened.set()
    deletion.result(DEADLINE)
    revival.result(DEADLINE)

    assert home.engine.alive_now == set()
    assert home.store.instances() == []


def test_of_two_deletions_at_once_the_second_finds_nothing(house: Callable[..., House]) -> None:
    home = house()
    home.create()
    checkpoint = home.engine.checkpoint("destroy", 1)
    first = home.meanwhile(checkpoint, home.destroy, 1)
    second = home.soon(home.destroy, 1)

    checkpoint.opened.set()
    first.result(DEADLINE)

    with pytest.raises(NotFound):
        second.result(DEADLINE)


def test_a_change_that_takes_long_keeps_only_its_own_instance_waiting(house: Callable[..., House]) -> None:
    home = house()
    home.create()
    checkpoint = home.engine.checkpoint("apply", 1)
    change = home.meanwhile(checkpoint, home.update, 1, databases=4)

    assert home.create()["id"] == 2
    assert home.update(2, timeout=7)["timeout"] == 7
    assert home.provisioner.get(home.account, 1)["databases"] == 1

    checkpoint.opened.set()
    assert change.result(DEADLINE)["databases"] == 4
    assert home.provisioner.get(home.account, 1)["databases"] == 4


def test_of_two_changes_of_one_instance_none_is_lost(house: Callable[..., House]) -> None:
    home = house()
    home.create()
    checkpoint = home.engine.checkpoint("apply", 1)
    first = home.meanwhile(checkpoint, home.update, 1, databases=4)
    second = home.soon(lambda: home.update(1, timeout=7))

    checkpoint.opened.set()
    first.result(DEADLINE)
    second.result(DEADLINE)

    record = home.provisioner.get(home.account, 1)
    assert (record["databases"], record["timeout"]) == (4, 7)


def test_the_room_that_an_upgrade_under_way_needs_is_not_given_to_another(house: Callable[..., House]) -> None:
    home = house(server_memory=110 * MB)
    home.create()
    home.create()
    checkpoint = home.engine.checkpoint("apply", 1)
    upgrade = home.meanwhile(checkpoint, home.update, 1, plan="small")

    with pytest.raises(Invalid, match="has 5 MB free"):
        home.update(2, plan="mini")

    checkpoint.opened.set()
    assert upgrade.result(DEADLINE)["memory"] == 100 * MB


def test_the_room_of_an_upgrade_that_failed_is_free_again(house: Callable[..., House]) -> None:
    home = house(server_memory=110 * MB)
    home.create()
    home.create()
    checkpoint = home.engine.checkpoint("apply", 1)
    checkpoint.error = EngineFailed("no")
    upgrade = home.meanwhile(checkpoint, home.update, 1, plan="small")
    checkpoint.opened.set()
    with pytest.raises(EngineFailed):
        upgrade.result(DEADLINE)

    assert home.update(2, plan="small")["memory"] == 100 * MB


def test_a_boot_that_is_counted_in_reads_is_counted_on_while_a_change_is_under_way(house: Callable[..., House]) -> None:
    home = house(boot_delay=BootDelay(reads=2))
    home.create()
    checkpoint = home.engine.checkpoint("apply", 1)
    change = home.meanwhile(checkpoint, home.update, 1, timeout=7)

    assert [home.status(1), home.status(1)] == ["starting", "running"]
    checkpoint.opened.set()
    change.result(DEADLINE)

    assert home.status(1) == "running"
