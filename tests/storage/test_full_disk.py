"""A disk that is really full: at the first start, and while requests come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.agreement import state_on_disk
from tests.support.main import run_main
from tests.support.state_files import stored_instances

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests

    from tests.conftest import Serve
    from tests.support.small_disk import SmallDisk

pytest_plugins = ["tests.support.small_disk"]


@pytest.fixture
def disk(mount_disk: Callable[..., SmallDisk]) -> SmallDisk:
    return mount_disk()


def start(folder: Path, state: Path) -> str:
    """Return what ``serve`` says on the standard error when it cannot start with a state file."""
    done = run_main("serve", "--port", "0", "--state", str(state), folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


@pytest.mark.parametrize("free", [0, 1])
def test_a_first_start_on_a_full_disk_is_refused_and_leaves_nothing(
    disk: SmallDisk, serve: Serve, tmp_path: Path, free: int
) -> None:
    state = disk.folder / "state.json"
    disk.fill(free)
    said = start(tmp_path, state)

    assert said.startswith("rtgmock: the state file cannot be written (No space left on device); see to that")
    assert said.count("\n") == 1
    assert {entry.name for entry in disk.folder.iterdir()} == {"filler", ".state.json.lock"}
    disk.free()
    assert serve(state=state).create()["id"] == 1


def test_a_first_start_on_a_disk_without_room_for_a_file_is_refused(
    mount_disk: Callable[..., SmallDisk], tmp_path: Path
) -> None:
    disk = mount_disk(files=0)
    said = start(tmp_path, disk.folder / "state.json")

    assert said.startswith(f"rtgmock: the folder {disk.folder} cannot be written: No space left on device;")
    assert said.count("\n") == 1


def test_a_start_that_finds_a_full_disk_serves_what_there_is(disk: SmallDisk, serve: Serve) -> None:
    state = disk.folder / "state.json"
    api = serve(state=state)
    made = api.create()
    api.close()
    disk.fill()
    again = serve(state=state)

    assert again.get("/instances/1.json").json()["label"] == made["label"]


def test_on_a_full_disk_each_change_is_refused_until_there_is_room(disk: SmallDisk, serve: Serve) -> None:
    state = disk.folder / "state.json"
    api = serve(state=state, ports=range(10001, 20001))
    api.create()
    disk.fill(free_pages=1)
    answers: list[requests.Response] = []
    while not answers or answers[-1].status_code == 201:
        answers.append(api.post("/instances.json", json={"plan": "nano"}))
    assert answers[-1].status_code == 500
    assert "No space left on device" in answers[-1].text

    headers = {"Content-Type": "application/json"}
    changes = (
        ("PUT", "/_rtgmock/state", {"instances": [{"plan": "nano"}] * 9}),
        ("PUT", "/instances/1.json", {"label": "x" * 255}),
        ("PUT", "/instances/1.json", {"plan": "small"}),
        ("DELETE", "/instances/1.json", None),
        ("POST", "/_rtgmock/reset", None),
    )
    statuses = []
    for method, target, values in changes:
        before = api.get("/_rtgmock/state").json()
        answer = api.call(method, target, json=values, headers=headers)
        after = api.get("/_rtgmock/state").json()
        assert after == state_on_disk(state)
        assert (answer.status_code, after) == (500, before) or answer.status_code == 200
        statuses.append(answer.status_code)
    assert statuses[0] == 500  # the others may have room in the journal's last page

    disk.free()
    label = api.create()["label"]
    api.close()
    assert label in {record["label"] for record in stored_instances(state).values()}
