"""``rtgmock exec``: its exit codes, and how it refuses a wrong command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.model.plans import PLANS
from rtgmock.settings.config import SETTINGS
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_the_exit_code_is_the_commands(tmp_path: Path, script: str, code: int) -> None:
    assert run_main("exec", "--", "sh", "-c", script, folder=tmp_path).returncode == code


def test_options_after_the_command_are_the_commands(tmp_path: Path) -> None:
    done = run_main("exec", "sh", "-c", 'echo "$@"', "sh", "--plan", "--", "x", folder=tmp_path)

    assert done.stdout == "--plan -- x\n"


def test_a_command_that_there_is_not_is_127(tmp_path: Path) -> None:
    done = run_main("exec", "--", "no-such-program", folder=tmp_path)

    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.startswith("rtgmock: there is no command no-such-program; ")
    assert done.stderr.count("\n") == 1


def test_a_command_that_cannot_be_run_is_126(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")

    done = run_main("exec", "--", "./text", folder=tmp_path)

    assert (done.returncode, done.stdout) == (126, "")
    assert done.stderr.startswith("rtgmock: ./text cannot be run: ")
    assert done.stderr.count("\n") == 1


def test_an_emulator_that_cannot_start_is_1_and_one_line(tmp_path: Path) -> None:
    options = ("--redis", "process", "--redis-server", "no-such-server")

    done = run_main("exec", *options, "--", "echo", "x", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "rtgmock: there is no program no-such-server; name another one: --redis-server PATH\n"


def test_an_instance_that_cannot_be_made_is_1_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "fixture.json").write_text('{"instances": [{"plan": "nano"}]}')
    options = ("--fixture", "fixture.json", "--ports", "9001-9001")

    done = run_main("exec", *options, "--plan", "nano", "--", "echo", "x", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rtgmock: no instance can be made: Port can't be assigned: ")
    assert done.stderr.count("\n") == 1


def test_a_wrong_plan_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    done = run_main("exec", "--plan", "huge", "--", "echo", "x", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert all(plan in done.stderr for plan in ("huge", *PLANS))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["--plan", "nano"], "Missing argument"),
        (["--api", "2011", "true"], "2010 and 2012"),
        (["--account", "a:b", "--account", "a:c", "true"], "given twice"),
        (["--ready-file", "x", "true"], "--ready-file"),
    ],
)
def test_a_wrong_command_line_is_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_main("exec", *arguments, folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_help_says_what_the_command_is_told(tmp_path: Path) -> None:
    said = run_main("exec", "--help", folder=tmp_path).stdout

    assert all(
        name in said for name in ("RTGMOCK_URL", "REDISTOGO_API_URL", "REDISTOGO_URL", "--plan", *serves_options())
    )


def serves_options() -> list[str]:
    """The options of ``serve`` that ``exec`` has as well."""
    return [setting.option for name, setting in SETTINGS.items() if name != "ready_file"]
