"""The supervision of Redis servers while requests change the same instances."""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING

from tests.support.slow_engine import DEADLINE

if TYPE_CHECKING:
    from tests.support.slow_engine import SlowService


def test_no_request_waits_for_a_lost_redis_that_takes_long_to_start(service: SlowService) -> None:
    service.create()
    service.engine.running.clear()
    checkpoint = service.engine.checkpoint("start", 1)
    revival = service.run_until(checkpoint, service.supervisor.see_to, 1)

    made = service.create()
    service.update(made["id"], timeout=7)
    service.destroy(made["id"])
    assert service.status(1) == "failed"

    checkpoint.opened.set()
    revival.result(DEADLINE)
    assert service.status(1) == "running"


def test_an_instance_deleted_while_its_redis_is_brought_back_stays_gone(service: SlowService) -> None:
    service.create()
    service.engine.running.clear()
    checkpoint = service.engine.checkpoint("start", 1)
    revival = service.run_until(checkpoint, service.supervisor.see_to, 1)
    deletion = service.run(service.destroy, 1)

    checkpoint.opened.set()
    revival.result(DEADLINE)
    deletion.result(DEADLINE)

    assert service.engine.running == set()
    assert service.store.instances() == []


def test_the_redis_of_an_instance_that_is_being_deleted_is_not_brought_back(service: SlowService) -> None:
    service.create()
    service.engine.running.clear()
    checkpoint = service.engine.checkpoint("destroy", 1)
    deletion = service.run_until(checkpoint, service.destroy, 1)
    revival = service.run(service.supervisor.see_to, 1)

    checkpoint.opened.set()
    deletion.result(DEADLINE)
    revival.result(DEADLINE)

    assert service.engine.running == set()
    assert service.store.instances() == []


def test_the_removal_of_what_failed_creates_left_spares_the_instances_of_a_new_state(service: SlowService) -> None:
    service.context.leftovers.add([1, 2])
    checkpoint = service.engine.checkpoint("destroy", 1)
    removal = service.run_until(checkpoint, service.supervisor.see_to, 1)
    loading = service.run(service.maintenance.load, {"instances": [{"plan": "nano"}, {"plan": "nano"}]})
    assert not wait([loading], timeout=0.1).done

    checkpoint.opened.set()
    removal.result(DEADLINE)
    loading.result(DEADLINE)

    assert service.engine.running == {1, 2}
