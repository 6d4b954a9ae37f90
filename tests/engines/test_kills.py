"""Everything is killed at a random moment, again and again; and what that leaves behind is pruned."""

from __future__ import annotations

import contextlib
import random
import threading
from typing import TYPE_CHECKING

import psutil
import pytest
import redis
from click.testing import CliRunner

from rtgmock.cli.main import cli
from rtgmock.engines import prune as pruning
from rtgmock.engines.ownership import Orphan
from tests.support.command import until
from tests.support.redis_client import answers, ask, connection
from tests.support.redis_emulators import STATE
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)
only_docker = pytest.mark.parametrize("engine_name", ["docker"], indirect=True)


class Writer(threading.Thread):
    """Counts up in one Redis until that is gone, and knows the last number that was acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.acknowledged = 0

    def run(self) -> None:
        with contextlib.suppress(redis.RedisError), connection(self.url) as client:
            while True:
                self.acknowledged = client.incr("count")


def servers(emulators: RedisEmulators) -> list[psutil.Process]:
    """The processes of these emulators' servers, in containers or not."""
    if emulators.engine == "process":
        return emulators.processes()
    return [psutil.Process(one.attrs["State"]["Pid"]) for one in emulators.containers() if one.attrs["State"]["Pid"]]


@pytest.mark.long
def test_no_acknowledged_write_is_lost_when_everything_is_killed(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    # Always: every second may cost the last one, since Redis then answers while the disk is behind.
    urls = [api.create(plan="mini", appendfsync="always")["url"] for _ in range(3)]
    randomness = random.Random(7)

    for _ in range(rounds(4, 20)):
        writers = [Writer(url) for url in urls]
        for writer in writers:
            writer.start()
        threading.Event().wait(randomness.uniform(0.02, 0.2))
        running = servers(emulators)
        assert len(running) == len(urls)
        command.process.kill()
        for server in running:
            with contextlib.suppress(psutil.Error):
                server.kill()
        command.kill()
        for writer in writers:
            writer.join(20)

        command, api = emulators.run()
        for writer in writers:
            assert int(ask(writer.url, "GET", "count") or 0) >= writer.acknowledged
        assert emulators.running() == len(urls)

    known = api.call("GET", "/instances.json").json()
    assert [row["instance"]["status"] for row in known] == ["running"] * 3


@only_docker
def test_containers_whose_state_file_is_gone_are_left_over_and_others_are_not(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    command.kill()

    assert prune(emulators) == []
    assert answers(made["url"])
    emulators.state.unlink()
    assert [what.split()[0] for what in prune(emulators)] == ["container", "volume", "network"]
    assert (emulators.containers(), emulators.volumes(), emulators.networks()) == ([], [], [])


@only_docker
def test_containers_of_a_killed_emulator_that_keeps_nothing_are_left_over(emulators: RedisEmulators) -> None:
    command, api = emulators.run(state=":memory:")
    made = api.create()
    emulators.states.add(emulators.containers()[0].labels[STATE])
    assert prune(emulators) == []

    command.kill()
    assert answers(made["url"])
    assert len(prune(emulators)) == 3
    assert not answers(made["url"])


@only_process
def test_the_folder_of_a_killed_emulator_that_keeps_nothing_is_left_over(emulators: RedisEmulators) -> None:
    command, api = emulators.run(state=":memory:")
    api.create()
    assert prune(emulators) == []
    [folder] = emulators.temporary.iterdir()

    command.kill()
    assert until(lambda: emulators.running() == 0)
    assert prune(emulators) == [f"folder {folder}"]
    assert not folder.exists()


def prune(emulators: RedisEmulators) -> list[str]:
    """Remove what is left over by this test, and only that: the machine may be somebody's."""
    ours = (*emulators.states, str(emulators.folder))
    found = [leftover for leftover in pruning.find_orphans() if any(name in leftover.description for name in ours)]
    for leftover in found:
        leftover.remove()
    return [leftover.description for leftover in found]


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
