"""An instance's statuses new, starting and running, after a delay in seconds or in reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.model.lifecycle import BootDelay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served


def status(api: Served, path: str = "/instances/1.json") -> str:
    shown: str = api.get(path).json()["status"]
    return shown


def test_without_a_delay_an_instance_runs_after_its_create(api: Served) -> None:
    assert api.create()["status"] == "new"
    assert status(api) == "running"


def test_a_delay_in_seconds_follows_the_clock(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(seconds=2.5))
    assert api.create()["status"] == "new"

    assert status(api) == "starting"
    api.clock.advance(2)
    assert api.get("/instances.json").json()[0]["instance"]["status"] == "starting"
    api.clock.advance(0.5)
    assert status(api) == "running"


def test_an_update_shows_the_status_at_its_time(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(seconds=1))
    api.create()
    assert api.put("/instances/1.json", data={"label": "a"}).json()["status"] == "starting"
    api.clock.advance(1)
    assert api.put("/instances/1.json", data={"label": "b"}).json()["status"] == "running"


def test_a_delay_in_reads_ends_with_the_last_of_them(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(reads=3))
    api.create()

    assert status(api) == "starting"
    assert api.put("/instances/1.json", data={"plan": "mini"}).json()["status"] == "starting"
    assert api.get("/instances.json").json()[0]["instance"]["status"] == "starting"
    assert status(api) == "running"
    assert status(api) == "running"


def test_a_boot_goes_on_after_a_restart(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    first = serve(state=file, boot_delay=BootDelay(reads=3))
    first.create()
    assert status(first) == "starting"
    first.emulator.stop()

    second = serve(state=file)
    assert status(second) == "starting"
    assert status(second) == "running"
