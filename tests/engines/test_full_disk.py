"""A full disk: a write is refused, and record, Redis, data, faults and clock are what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import until
from tests.support.redis_client import ask, run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators
    from tests.support.small_disk import SmallDisk

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.small_disk"]


@pytest.fixture
def disk(mount_disk: Callable[..., SmallDisk]) -> SmallDisk:
    return mount_disk()


def start(emulators: RedisEmulators, disk: SmallDisk) -> Served:
    return emulators.start(state=disk.folder / "state.json")


def fill(disk: SmallDisk) -> None:
    """Fill the disk once the journal of changes is empty: in its last block there may be room for a small change."""
    journal = disk.folder / "state.json.journal"
    assert until(lambda: journal.exists() and journal.stat().st_size == 0)
    disk.fill()


def finish(api: Served) -> None:
    """Leave nothing of a state whose file is gone with its disk."""
    assert api.post("/_rtgmock/reset", json={}).status_code == 200
    api.close()


def everything(api: Served, url: str) -> tuple[Any, ...]:
    """Return the state, the faults, the clock, and the run and the data of an instance's Redis."""
    return (
        api.get("/_rtgmock/state").json(),
        [fault["id"] for fault in api.get("/_rtgmock/faults").json()["faults"]],
        api.get("/_rtgmock/clock").json(),
        run_id(url),
        ask(url, "GET", "key"),
    )


WRITES = [
    ("DELETE", "/instances/1.json", None),
    ("PUT", "/instances/1.json", {"timeout": 7}),
    ("PUT", "/_rtgmock/state", {"instances": [{"plan": "nano"}, {"plan": "mini"}]}),
    ("POST", "/_rtgmock/reset", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=["delete", "update", "state", "reset"])
def test_a_write_that_a_full_disk_refuses_changes_nothing(
    disk: SmallDisk, emulators: RedisEmulators, method: str, path: str, body: Any
) -> None:
    api = start(emulators, disk)
    url = api.create()["url"]
    ask(url, "SET", "key", "value")
    api.post("/_rtgmock/faults", json={"status": 503, "nth": 99})
    api.post("/_rtgmock/clock", json={"set": "2012-09-21T15:03:44Z", "freeze": True})
    fill(disk)
    before = everything(api, url)

    answer = api.call(method, path, json=body)

    assert answer.status_code == 500, answer.text
    assert "No space left on device" in answer.text
    assert "nothing has changed" in answer.text
    assert everything(api, url) == before
    disk.free()
    assert api.call(method, path, json=body).status_code == 200
    finish(api)


def test_a_create_on_a_full_disk_leaves_nothing(disk: SmallDisk, emulators: RedisEmulators) -> None:
    api = start(emulators, disk)
    api.create()
    fill(disk)

    assert api.post("/instances.json", json={"plan": "nano"}).status_code == 500

    assert api.instance_ids() == [1]
    assert emulators.running() == 1
    disk.free()
    api.create()
    finish(api)
