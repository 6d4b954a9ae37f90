"""The maintenance of the whole state: fixtures at the start and after a reset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rtgmock
from rtgmock.model.plans import PLANS
from tests.support.main import run_main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve, Served
    from tests.support.command import Command

FIXTURES = Path(rtgmock.__file__).parent / "fixtures"


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("api", [2010, 2012])
def test_every_fixture_is_served(serve: Serve, path: Path, api: int) -> None:
    served = serve(fixture=path, api=api)

    listed = served.get("/instances.json").json()

    assert len(listed) == len(json.loads(path.read_text()).get("instances", []))
    assert served.get("/instances.xml").status_code == 200


def test_the_fixtures_are_those_that_the_readme_names() -> None:
    assert {path.stem for path in FIXTURES.iterdir()} == {"empty", "demo", "full-server", "hundred-instances"}
    assert len(json.loads((FIXTURES / "hundred-instances.json").read_text())["instances"]) == 100


def test_the_full_server_has_no_room_for_an_upgrade(serve: Serve) -> None:
    api = serve(fixture="full-server")

    answer = api.put("/instances/1.json", json={"plan": "mini"})

    assert answer.status_code == 422
    assert "the server ray has 0 bytes free" in answer.text
    assert api.create()["label"].split("-")[0] != "ray"


def test_the_demo_shows_every_status_and_every_kind_of_instance(serve: Serve) -> None:
    api = serve(fixture=FIXTURES / "demo.json")

    shown = [row["instance"] for row in api.get("/instances.json").json()]

    assert {one["status"] for one in shown} == {"running", "starting", "failed"}
    assert {one["persistence"] for one in shown} == {"aof", "snapshot", "none"}
    assert any(one["slave"] for one in shown)


@pytest.fixture
def fixture_file(tmp_path: Path) -> Path:
    path = tmp_path / "fixture.json"
    path.write_text('{"instances": [{"plan": "nano", "label": "mine"}]}')
    return path


def labels(api: Served) -> list[str]:
    return [row["instance"]["label"] for row in api.get("/instances.json").json()]


def test_a_fixture_is_there_from_the_start_and_after_every_reset(serve: Serve, fixture_file: Path) -> None:
    api = serve(fixture=fixture_file)
    assert labels(api) == ["mine"]
    api.delete("/instances/1")
    api.create(label="other")

    api.emulator.reset()

    assert labels(api) == ["mine"]
    assert api.create()["id"] == 2


def test_a_state_that_has_had_instances_is_kept(serve: Serve, fixture_file: Path, tmp_path: Path) -> None:
    first = serve(fixture=fixture_file, state=tmp_path / "state.json")
    first.delete("/instances/1")
    first.emulator.stop()

    second = serve(fixture=fixture_file, state=tmp_path / "state.json")

    assert labels(second) == []
    second.emulator.reset()
    assert labels(second) == ["mine"]


def test_the_command_loads_a_fixture(command: Callable[..., Command], fixture_file: Path) -> None:
    served = command("--state", ":memory:", "--fixture", str(fixture_file))

    assert "(1 instance)" in served.out


def test_a_fixture_that_comes_with_rtgmock_is_given_by_its_name(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    (tmp_path / "demo").write_text("a file of that name does not count")
    count = len(json.loads((FIXTURES / "demo.json").read_text())["instances"])
    served = command("--state", ":memory:", env={"RTGMOCK_FIXTURE": "demo"})

    assert f"({count} instances)" in served.out


def test_a_file_that_has_the_name_of_one_is_written_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("not JSON")
    result = run_main("serve", "--port", "0", "--fixture", "./demo", folder=tmp_path)

    assert f"the fixture {tmp_path / 'demo'} is not JSON" in result.stderr


def test_a_similar_name_is_suggested(tmp_path: Path) -> None:
    result = run_main("serve", "--port", "0", "--fixture", "demos", folder=tmp_path)

    assert "there is no fixture demos; did you mean demo? name a file, or one that comes" in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            None,
            "there is no fixture broken.json; name a file, or one that comes with rtgmock: --fixture demo, "
            + ", ".join(f"--fixture {name}" for name in ("empty", "full-server", "hundred-instances")),
        ),
        ("{", "is not JSON (line 1, column 2"),
        (
            '{"instances": [{"plan": "x"}, {}]}',
            f"instances[0]: plan is not included in the list: it is one of {', '.join(PLANS)} (and 1 more)",
        ),
    ],
)
def test_a_fixture_that_cannot_be_used_is_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "broken.json").write_text(content)

    result = run_main("serve", "--state", "state.json", "--port", "0", "--fixture", "broken.json", folder=tmp_path)

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
