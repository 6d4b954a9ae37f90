"""Which requests wait for each other while a Redis starts, changes or ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.errors import EngineFailed, Invalid, NotFound
from rtgmock.model.lifecycle import BootDelay
from rtgmock.text import MB
from tests.support.slow_engine import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.slow_engine import SlowService


def test_of_two_deletions_at_once_the_second_finds_nothing(service: SlowService) -> None:
    service.create()
    checkpoint = service.engine.checkpoint("destroy", 1)
    first = service.run_until(checkpoint, service.destroy, 1)
    second = service.run(service.destroy, 1)

    checkpoint.opened.set()
    first.result(DEADLINE)

    with pytest.raises(NotFound):
        second.result(DEADLINE)


def test_a_change_that_takes_long_keeps_only_its_own_instance_waiting(service: SlowService) -> None:
    service.create()
    checkpoint = service.engine.checkpoint("apply", 1)
    change = service.run_until(checkpoint, service.update, 1, databases=4)

    assert service.create()["id"] == 2
    assert service.update(2, timeout=7)["timeout"] == 7
    assert service.provisioner.get(service.account, 1)["databases"] == 1

    checkpoint.opened.set()
    assert change.result(DEADLINE)["databases"] == 4
    assert service.provisioner.get(service.account, 1)["databases"] == 4


def test_of_two_changes_of_one_instance_none_is_lost(service: SlowService) -> None:
    service.create()
    checkpoint = service.engine.checkpoint("apply", 1)
    first = service.run_until(checkpoint, service.update, 1, databases=4)
    second = service.run(lambda: service.update(1, timeout=7))

    checkpoint.opened.set()
    first.result(DEADLINE)
    second.result(DEADLINE)

    record = service.provisioner.get(service.account, 1)
    assert (record["databases"], record["timeout"]) == (4, 7)


def test_the_room_that_an_upgrade_under_way_needs_is_not_given_to_another(
    start_service: Callable[..., SlowService],
) -> None:
    service = start_service(server_memory=110 * MB)
    service.create()
    service.create()
    checkpoint = service.engine.checkpoint("apply", 1)
    upgrade = service.run_until(checkpoint, service.update, 1, plan="small")

    with pytest.raises(Invalid, match="has 5 MB free"):
        service.update(2, plan="mini")

    checkpoint.opened.set()
    assert upgrade.result(DEADLINE)["memory"] == 100 * MB


def test_the_room_of_an_upgrade_that_failed_is_free_again(start_service: Callable[..., SlowService]) -> None:
    service = start_service(server_memory=110 * MB)
    service.create()
    service.create()
    checkpoint = service.engine.checkpoint("apply", 1)
    checkpoint.error = EngineFailed("no")
    upgrade = service.run_until(checkpoint, service.update, 1, plan="small")
    checkpoint.opened.set()
    with pytest.raises(EngineFailed):
        upgrade.result(DEADLINE)

    assert service.update(2, plan="small")["memory"] == 100 * MB


def test_a_boot_that_is_counted_in_reads_is_counted_on_while_a_change_is_under_way(
    start_service: Callable[..., SlowService],
) -> None:
    service = start_service(boot_delay=BootDelay(reads=2))
    service.create()
    checkpoint = service.engine.checkpoint("apply", 1)
    change = service.run_until(checkpoint, service.update, 1, timeout=7)

    assert [service.status(1), service.status(1)] == ["starting", "running"]
    checkpoint.opened.set()
    change.result(DEADLINE)

    assert service.status(1) == "running"
