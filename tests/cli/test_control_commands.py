"""``rtgmock reset``, ``state``, ``clock`` and ``redis``: the control API of a running emulator from a shell."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
import pytest

from rtgmock.cli.main import cli
from tests.support.main import run_main
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Serve, Served

    Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(api: Served, tmp_path: Path) -> Run:
    """Call a command for ``api``."""

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return run_main(*arguments, folder=tmp_path, env={"RTGMOCK_URL": api.url, **variables})

    return call


def all_commands(group: click.Group = cli) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from all_commands(command)


def test_the_help_fits_a_screen_of_24_lines(tmp_path: Path) -> None:
    lines = run_main("--help", folder=tmp_path, env={"COLUMNS": "80"}).stdout.splitlines()

    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("...") for line in lines[1:])
    listed = {line.split()[0] for line in lines if line.startswith("  ")}
    assert {str(command.name) for command in cli.commands.values()} <= listed


@pytest.mark.parametrize("command", list(all_commands()), ids=lambda command: str(command.name))
def test_every_commands_help_has_an_example(command: click.Command) -> None:
    assert "Example: " in str(command.help)


def test_a_reset_says_what_is_there_afterwards(api: Served, run: Run) -> None:
    api.create()

    done = run("reset")

    assert (done.returncode, done.stdout, done.stderr) == (0, "reset: 0 instances\n", "")
    assert api.instance_ids() == []


def test_a_reset_of_an_account_leaves_the_others(serve: Serve, tmp_path: Path) -> None:
    api = serve(accounts=[("username", "password"), ("ann", "x")])
    api.create()

    done = run_main("reset", "--account", "ann", "--url", api.url, folder=tmp_path)
    refused = run_main("reset", "--account", "bob", "--url", api.url, folder=tmp_path)

    assert done.stdout == "reset the account ann: 0 instances\n"
    assert api.instance_ids() == [1]
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("rtgmock: account bob is not known")
    assert refused.stderr.count("\n") == 1


def test_the_state_is_shown_in_columns(api: Served, run: Run) -> None:
    api.create(label="mongrel")

    lines = run("state").stdout.splitlines()

    assert lines[0].split() == ["id", "label", "plan", "status", "account", "server", "port"]
    assert lines[1].split()[:5] == ["1", "mongrel", "nano", "running", "username"]
    assert lines[1].index("mongrel") == lines[0].index("label")
    assert lines[2] == "1 instance on 1 server"
    assert "\x1b" not in "".join(lines)


def test_a_state_that_was_got_can_be_put(api: Served, run: Run, tmp_path: Path) -> None:
    api.create(label="mongrel")

    assert run("state", "get", "before.json").stdout == ""
    assert json.loads(run("state", "get").stdout) == json.loads((tmp_path / "before.json").read_text())
    run("reset")
    put = run("state", "put", "before.json", "--json")

    assert (tmp_path / "before.json").stat().st_mode & 0o777 == 0o600
    assert [one["label"] for one in json.loads(put.stdout)["instances"]] == ["mongrel"]
    assert api.instance_ids() == [1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "state is no JSON document: "),
        ('{"instances": [{"plan": "huge"}]}', "instances[0]: plan is not included"),
    ],
)
def test_a_wrong_state_is_refused_in_one_line(run: Run, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "state").write_text(content)

    done = run("state", "put", "state")

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_state_that_cannot_be_written_is_one_line(run: Run) -> None:
    done = run("state", "get", "no/such/folder")

    assert (done.returncode, done.stderr) == (
        1,
        "rtgmock: no/such/folder cannot be written: No such file or directory; name another file\n",
    )


def test_the_clock_is_moved_stopped_and_let_go(run: Run) -> None:
    run("clock", "freeze")
    assert run("clock", "set", "2010-12-20").stdout == "2010-12-20T00:00:00Z  frozen\n"
    assert run("clock", "advance", "1h30m").stdout == "2010-12-20T01:30:00Z  frozen\n"
    assert run("clock", "advance", "-1d").stdout == "2010-12-19T01:30:00Z  frozen\n"
    assert json.loads(run("clock", "--json").stdout) == {"now": "2010-12-19T01:30:00Z", "frozen": True}
    assert "frozen" not in run("clock", "resume").stdout
    run("clock", "freeze")
    assert "frozen" not in run("clock", "go", "on").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("clock", "advance", "soon"), "write it as 90s, 5m"),
        (("clock", "set", "tomorrow"), "write it as 2010-12-20T00:35:22Z"),
        (("redis", "1", "pause"), "rtgmock redis ID pause 500ms"),
        (("redis", "1", "stop", "5s"), "rtgmock redis ID pause 500ms"),
        (("redis", "1", "pause", "long"), "write it as 90s"),
    ],
)
def test_a_wrong_command_line_says_how_it_is_written(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_an_instance_is_named_by_id_or_label(api: Served, run: Run) -> None:
    """Without an engine there is nothing to stop, which the emulator says."""
    api.create(label="mongrel")

    assert "needs a Redis, and the engine is off" in run("redis", "mongrel", "stop").stderr
    assert "needs a Redis, and the engine is off" in run("redis", "1", "pause", "2s").stderr
    unknown = run("redis", "cat", "stop")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "rtgmock: there is no instance cat; there are: 1 (mongrel)\n",
    )


def test_wrong_credentials_are_said_with_the_option_for_them(api: Served, run: Run) -> None:
    api.create()

    assert "-u NAME:PASSWORD" in run("redis", "1", "stop", "-u", "username:wrong").stderr


def test_colours_are_for_a_terminal_without_no_color(api: Served, tmp_path: Path) -> None:
    api.create()
    script = 'import sys; sys.argv = ["rtgmock", "state"]; from rtgmock.cli.main import main; main()'
    for setting, coloured in (("", True), ("1", False)):
        variables = (f"NO_COLOR={setting}", f"RTGMOCK_URL={api.url}")
        with Terminal(tmp_path, "env", *variables, sys.executable, "-c", script) as terminal:
            shown = terminal.await_text("1 instance on")
            assert ("\x1b[" in shown) is coloured
