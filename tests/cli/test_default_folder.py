"""The folder ``.rtgmock`` in the working folder, where all is kept by default."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.main import refusal, run_main
from tests.support.requirements import skip_or_fail
from tests.support.serve_process import banner_row, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.serve_process import Start


@pytest.fixture
def working_folder(tmp_path: Path) -> Path:
    """A folder that is the working tree of a new Git repository."""
    git = shutil.which("git") or skip_or_fail("git", "git is not installed")
    subprocess.run([git, "init", "--quiet", str(tmp_path)], check=True, timeout=20)
    return tmp_path


def staged(folder: Path) -> list[str]:
    """The lines with which ``git add`` says what it would stage, without the ready file and the output of the test."""
    command = ["git", "-C", str(folder), "add", "-n", "."]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    return [line for line in said.splitlines() if not line.startswith("add 'ready-")]


def test_git_stages_nothing_of_what_is_kept(
    command: Start, working_folder: Path, program: Callable[[str, str], str]
) -> None:
    server = command("--tls", "--redis", "process", "--redis-server", program("redis", "redis-server"))
    url, certificate = f"{server.url}/instances.json", banner_row(server, "CA")
    assert call("POST", url, json={"plan": "nano"}, verify=certificate).status_code == 201
    kept = {entry.name for entry in (working_folder / ".rtgmock").iterdir()}

    assert {"state.json", "state.json.ca.key", "state.json.redis", ".state.json.lock"} <= kept
    assert certificate == str(working_folder / ".rtgmock" / "state.json.ca.pem")
    assert staged(working_folder) == []
    assert server.stop() == 0
    assert staged(working_folder) == []


def test_ca_makes_the_folder_as_serve_does(working_folder: Path) -> None:
    asked = run_main("ca", folder=working_folder)

    assert asked.stdout == f"{working_folder / '.rtgmock' / 'state.json.ca.pem'}\n"
    assert (working_folder / ".rtgmock").stat().st_mode & 0o777 == 0o700
    assert staged(working_folder) == []


def test_a_state_at_the_former_place_is_named_with_the_option_that_uses_it(command: Start, tmp_path: Path) -> None:
    (tmp_path / "rtgmock.json").write_text("{}")
    server = command("--redis", "off")
    server.stop()

    assert "rtgmock.json is not used, as the state is in .rtgmock/state.json; to use it: --state rtgmock.json\n" in (
        server.err
    )


@pytest.mark.parametrize("options", [("--state", "rtgmock.json"), ("--state", ":memory:"), ("--state", "other.json")])
def test_a_state_that_is_named_makes_no_folder_and_no_such_line(
    command: Start, tmp_path: Path, options: tuple[str, ...]
) -> None:
    if options[1] != "rtgmock.json":
        (tmp_path / "rtgmock.json").write_text("{}")
    server = command("--redis", "off", *options)
    server.stop()

    assert not (tmp_path / ".rtgmock").exists()
    assert "not used" not in server.err


def test_a_file_in_place_of_the_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / ".rtgmock").write_text("mine")

    assert ".rtgmock is a file, and the state file cannot be in it; name another: --state FILE" in refusal(tmp_path)
    assert (tmp_path / ".rtgmock").read_text() == "mine"
