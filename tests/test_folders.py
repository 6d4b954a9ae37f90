"""The folders that rtgmock makes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rtgmock.folders import DEFAULT_STATE, make_default, make_private

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mask", [0o022, 0o377])
def test_only_the_owner_may_enter_whatever_the_umask_is(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert make_private(tmp_path / "folder")
    finally:
        os.umask(before)

    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_the_default_folder_is_ignored_by_git(tmp_path: Path) -> None:
    folder = (tmp_path / DEFAULT_STATE).parent
    make_default(folder)

    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / ".rtgmock"
    folder.mkdir(mode=0o755)
    make_default(folder)

    assert not make_private(folder)
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("name", ["other", "missing/.rtgmock"])
def test_no_other_folder_is_made(tmp_path: Path, name: str) -> None:
    make_default(tmp_path / name)

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileExistsError):
        make_private(tmp_path / "file")
