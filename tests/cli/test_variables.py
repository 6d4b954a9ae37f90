"""Variables that look like settings and aren't."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from rtgmock.cli.variables import unknown_variables
from rtgmock.settings.config import SETTINGS
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path

PROT = "rtgmock has no setting RTGMOCK_PROT, so it has no effect; did you mean RTGMOCK_PORT?"
NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "name",
    [
        *(row.variable for row in SETTINGS.values()),
        "RTGMOCK_URL",
        "RTGMOCK_TEST_REQUIRE",
        "RTGMOCK_PORT_8080_TCP_ADDR",
        "RTGMOCK_SERVICE_PORT",
        "REDISTOGO_URL",
        "_RTGMOCK_COMPLETE",
    ],
)
def test_a_known_variable_and_that_of_another_program_cause_no_warning(name: str) -> None:
    assert list(unknown_variables([name])) == []


def test_a_misspelt_variable_is_named_with_the_nearest_setting() -> None:
    assert list(unknown_variables(["RTGMOCK_UMBRELLA", "RTGMOCK_PROT", "PROT"])) == [
        PROT,
        "rtgmock has no setting RTGMOCK_UMBRELLA, so it has no effect; rtgmock serve --help lists them",
    ]


@pytest.mark.parametrize("arguments", [["ready", NOWHERE], ["env", "--url", NOWHERE], ["exec", "true"], ["openapi"]])
def test_each_command_warns(tmp_path: Path, arguments: list[str]) -> None:
    asked = run_main(*arguments, folder=tmp_path, env={"RTGMOCK_PROT": "1"})

    assert asked.stderr.splitlines().count(PROT) == 1


def test_serve_warns_before_it_fails_and_in_the_format_of_its_log(tmp_path: Path) -> None:
    options = ("serve", "--log-format", "json", "--state", "no/such/folder/state.json")
    asked = run_main(*options, folder=tmp_path, env={"RTGMOCK_PROT": "1"})

    assert asked.returncode == 1
    assert json.loads(asked.stderr.splitlines()[0])["message"] == PROT


def test_a_command_of_exec_is_not_warned_of_what_exec_sets(tmp_path: Path) -> None:
    inner = (sys.executable, "-m", "rtgmock", "exec", "--redis", "off", "true")
    asked = run_main("exec", "--proxy", "--plan", "nano", "--redis", "off", *inner, folder=tmp_path)

    assert (asked.returncode, asked.stderr) == (0, "")
