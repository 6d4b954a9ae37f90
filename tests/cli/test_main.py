"""The program: its help texts, its version, and its console script."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

import pytest

import rtgmock
from rtgmock.cli.main import main
from rtgmock.settings.config import SETTINGS
from tests.support.command import run

if TYPE_CHECKING:
    from pathlib import Path


def test_the_help_of_serve_has_every_option_and_every_variable(tmp_path: Path) -> None:
    asked = run("serve", "--help", folder=tmp_path)

    assert asked.returncode == 0
    words = " ".join(asked.stdout.split())
    for setting in SETTINGS.values():
        assert f"{setting.usage} {setting.help}" in words
        assert f"[env: {setting.variable}; default: {setting.shown_default}]" in words


def test_the_help_of_ready_has_its_option_and_its_variables(tmp_path: Path) -> None:
    asked = run("ready", "--help", folder=tmp_path)

    assert asked.returncode == 0
    for word in ("--wait SECONDS", "URL", "RTGMOCK_URL", "RTGMOCK_HOST", "RTGMOCK_PORT"):
        assert word in asked.stdout


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_the_program_has_its_commands(tmp_path: Path, option: str) -> None:
    asked = run(option, folder=tmp_path)

    assert asked.returncode == 0
    assert {"serve", "ready"} <= set(asked.stdout.split())


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    asked = run("--version", folder=tmp_path)

    assert (asked.returncode, asked.stdout) == (0, f"rtgmock {rtgmock.__version__}\n")
    assert importlib.metadata.version("rtgmock") == rtgmock.__version__


def test_the_script_is_the_same_program_as_the_module() -> None:
    script = importlib.metadata.entry_points(group="console_scripts", name="rtgmock")["rtgmock"]

    assert script.load() is main
