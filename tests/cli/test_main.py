"""The program: its help texts, its version, and its console script."""

from __future__ import annotations

import importlib.metadata
import re
from typing import TYPE_CHECKING

import pytest

import rtgmock
from rtgmock.cli.main import main
from rtgmock.settings.config import SETTINGS
from tests.support.command import run
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        (["serve", "--port", "0", "--state", "no/such/folder/state.json"], 1, "", r"rtgmock: .*no/such/folder.*\n"),
        (["serve", "--port", "eighty"], 2, "", r"Usage: (.|\n)*'eighty' is not a port(.|\n)*"),
        (["exec", "sh", "-c", "echo out; echo err >&2; exit 7"], 7, "out\n", "err\n"),
        (["ready", "http://127.0.0.1:1"], 1, "", r"rtgmock: no emulator answers at http://127\.0\.0\.1:1: .*\n"),
    ],
    ids=["refused-start", "wrong-option", "exec", "ready"],
)
def test_a_process_ends_as_its_command_does(
    tmp_path: Path, arguments: list[str], code: int, out: str, err: str
) -> None:
    done = run(*arguments, folder=tmp_path)

    assert (done.returncode, done.stdout) == (code, out)
    assert re.fullmatch(err, done.stderr)


def test_the_help_of_serve_has_every_option_and_every_variable(tmp_path: Path) -> None:
    asked = run_main("serve", "--help", folder=tmp_path)

    assert asked.returncode == 0
    words = " ".join(asked.stdout.split())
    for setting in SETTINGS.values():
        assert f"{setting.usage} {setting.help}" in words
        assert f"[env: {setting.variable}; default: {setting.shown_default}]" in words


def test_the_help_of_ready_has_its_option_and_its_variables(tmp_path: Path) -> None:
    asked = run_main("ready", "--help", folder=tmp_path)

    assert asked.returncode == 0
    for word in ("--wait SECONDS", "URL", "RTGMOCK_URL", "RTGMOCK_HOST", "RTGMOCK_PORT"):
        assert word in asked.stdout


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_the_program_has_its_commands(tmp_path: Path, option: str) -> None:
    asked = run_main(option, folder=tmp_path)

    assert asked.returncode == 0
    assert {"serve", "ready"} <= set(asked.stdout.split())


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    asked = run("--version", folder=tmp_path)

    assert (asked.returncode, asked.stdout) == (0, f"rtgmock {rtgmock.__version__}\n")
    assert importlib.metadata.version("rtgmock") == rtgmock.__version__


def test_the_script_is_the_same_program_as_the_module() -> None:
    script = importlib.metadata.entry_points(group="console_scripts", name="rtgmock")["rtgmock"]

    assert script.load() is main
