"""``rtgmock prune`` finds and removes what emulators that died have left behind, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from rtgmock.cli.main import cli
from rtgmock.engines import prune as pruning
from rtgmock.engines.ownership import Orphan
from tests.support.command import until
from tests.support.instances import only_docker, only_process
from tests.support.redis_client import answers
from tests.support.redis_emulators import STATE

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


@only_docker
def test_containers_whose_state_file_is_gone_are_orphans_and_others_are_not(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    command.kill()

    assert prune(emulators) == []
    assert answers(made["url"])
    emulators.state.unlink()
    assert [description.split()[0] for description in prune(emulators)] == ["container", "volume", "network"]
    assert (emulators.containers(), emulators.volumes(), emulators.networks()) == ([], [], [])


@only_docker
def test_containers_of_a_killed_emulator_that_keeps_nothing_are_orphans(emulators: RedisEmulators) -> None:
    command, api = emulators.run(state=":memory:")
    made = api.create()
    emulators.states.add(emulators.containers()[0].labels[STATE])
    assert prune(emulators) == []

    command.kill()
    assert answers(made["url"])
    assert len(prune(emulators)) == 3
    assert not answers(made["url"])


@only_process
def test_the_folder_of_a_killed_emulator_that_keeps_nothing_is_an_orphan(emulators: RedisEmulators) -> None:
    command, api = emulators.run(state=":memory:")
    api.create()
    assert prune(emulators) == []
    [folder] = emulators.temporary.iterdir()

    command.kill()
    assert until(lambda: emulators.running() == 0)
    assert prune(emulators) == [f"folder {folder}"]
    assert not folder.exists()


def prune(emulators: RedisEmulators) -> list[str]:
    """Remove the orphans of this test and no others, and return their descriptions."""
    ours = (*emulators.states, str(emulators.folder))
    orphans = [orphan for orphan in pruning.find_orphans() if any(name in orphan.description for name in ours)]
    for orphan in orphans:
        orphan.remove()
    return [orphan.description for orphan in orphans]


@pytest.mark.parametrize(
    ("arguments", "answer", "exit_code", "removed"),
    [(["--yes"], "", 0, True), ([], "y\n", 0, True), ([], "n\n", 0, False), ([], "", 1, False)],
)
def test_the_command_asks_before_it_removes(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], answer: str, exit_code: int, removed: bool
) -> None:
    gone: list[str] = []
    left = [Orphan(name, lambda name=name: gone.append(name)) for name in ("container a", "volume a")]  # type: ignore[misc]
    monkeypatch.setattr(pruning, "find_orphans", lambda: iter(left))

    result = CliRunner().invoke(cli, ["prune", *arguments], input=answer)

    assert result.exit_code == exit_code
    assert result.output.startswith("container a\nvolume a\n")
    assert gone == (["container a", "volume a"] if removed else [])


def test_the_command_says_that_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "find_orphans", lambda: iter(()))

    assert CliRunner().invoke(cli, ["prune"]).output == "nothing is left behind\n"
