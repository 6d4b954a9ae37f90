"""A change costs the same at any number of instances."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.command import until
from tests.support.scaling import growth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtgmock.service.provisioner import Provisioner
    from tests.conftest import Serve

SIZE, MAX_GROWTH = 500, 2
"""What grows with the number of instances takes four times as long for four times as many."""


@pytest.fixture(params=["memory", "file"])
def with_instances(request: pytest.FixtureRequest, serve: Serve, tmp_path: Path) -> Callable[[int], Provisioner]:
    """Give the use cases of an emulator that has a number of instances."""

    def start(count: int) -> Provisioner:
        state = None if request.param == "memory" else tmp_path / f"{count}.json"
        api = serve(state=state, ports=range(10001, 60000), server_memory=5 << 40)
        document = {"instances": [{"plan": "nano"}] * count}
        assert api.put("/_rtgmock/state", json=document).status_code == 200
        return api.emulator._parts.provisioner

    return start


def test_a_create_and_an_update_cost_the_same_with_four_times_as_many_instances(
    with_instances: Callable[[int], Provisioner],
) -> None:
    def change(provisioner: Provisioner) -> None:
        made = provisioner.create("username", {"plan": "nano"})
        provisioner.update("username", made["id"], {"timeout": 7})
        provisioner.destroy("username", made["id"])

    assert growth(change, with_instances, SIZE, enough=MAX_GROWTH) <= MAX_GROWTH


def test_a_delete_frees_a_port_that_the_next_create_takes(serve: Serve) -> None:
    api = serve(ports=range(9001, 9006))
    assert [api.create()["port"] for _ in range(5)] == [9001, 9002, 9003, 9004, 9005]
    for number in (2, 4):
        api.delete(f"/instances/{number}.json")
    assert [api.create()["port"] for _ in range(2)] == [9002, 9004]
    assert api.post("/instances.json", json={"plan": "nano"}).status_code == 422


def test_writers_that_come_together_share_a_sync(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(state=tmp_path / "state.json")
    provisioner = api.emulator._parts.provisioner
    provisioner.create("username", {"plan": "nano"})
    release, syncs = threading.Event(), list[int]()

    def sync(descriptor: int) -> None:
        syncs.append(descriptor)
        release.wait(10)

    monkeypatch.setattr("os.fdatasync", sync)
    threads = [threading.Thread(target=provisioner.create, args=("username", {"plan": "nano"})) for _ in range(9)]
    threads[0].start()
    assert until(lambda: syncs)
    for thread in threads[1:]:
        thread.start()
    storage = api.emulator.store._storage
    assert until(lambda: storage.latest(lambda state: len(state.rows("instances"))) == 10)
    release.set()
    for thread in threads:
        thread.join(10)

    assert len(provisioner.list("username")) == 10
    assert len(syncs) == 2
