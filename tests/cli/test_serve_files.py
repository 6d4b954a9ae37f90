"""The files of ``rtgmock serve``, and paths that it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.main import refusal, run_main

if TYPE_CHECKING:
    from pathlib import Path


def test_a_relative_state_file_is_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"_default": {}}')
    assert str(tmp_path / "state.json") in refusal(tmp_path, "--state", "state.json")


@pytest.mark.parametrize("path", ["file/state.json"])
def test_a_file_in_place_of_the_folder_is_not_called_missing(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    assert "does not exist" not in refusal(tmp_path, "--state", path)


def test_a_stale_ready_file_is_gone_when_the_start_fails(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("http://127.0.0.1:1\n")
    refusal(tmp_path, "--state", "not/there.json", ready_file=tmp_path / "url")


def test_nothing_is_left_beside_a_ready_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "url").mkdir()
    options = ("--port", "0", "--state", ":memory:", "--ready-file", "folder/url")
    assert run_main("serve", *options, folder=tmp_path).returncode == 1
    assert [entry.name for entry in (tmp_path / "folder").iterdir()] == ["url"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ready-file", ""],
        ["--ready-file", "."],
        ["--ready-file", "/"],
        ["--state", "/"],
        ["--state", "loop"],
        ["--host", "a..b"],
        ["--host", "a" * 64],
    ],
)
def test_there_is_never_a_traceback(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "loop").symlink_to("loop")
    refused = run_main("serve", "--port", "0", "--state", ":memory:", *arguments, folder=tmp_path)
    assert refused.returncode in {1, 2}
    assert "Traceback" not in refused.stderr
