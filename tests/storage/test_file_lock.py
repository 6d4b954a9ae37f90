"""The lock by which only one emulator at a time has a state file open."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from rtgmock.errors import StartupError
from rtgmock.storage.file import FileStorage
from tests.support.state_files import (
    NEW,
    OLD,
    in_other_thread,
    tables_on_disk,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_emulator_is_refused_with_the_name_of_the_file_and_of_the_process(
    file: FileStorage, path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(StartupError) as raised:
            FileStorage(path)
        assert str(path) in str(raised.value)
        assert f"process {os.getpid()}" in str(raised.value)

    file.write(NEW)
    assert tables_on_disk(path) == NEW


def test_the_file_can_be_opened_again_once_it_is_closed(path: Path) -> None:
    for _ in range(3):
        opened = FileStorage(path)
        opened.close()
        opened.close()


def test_two_files_in_one_folder_are_two_emulators_state(file: FileStorage, path: Path) -> None:
    with contextlib.closing(FileStorage(path.with_name("other.json"))) as other:
        other.write(NEW)
        assert file.read() == OLD
        file.write({})
        assert other.read() == NEW


def test_a_file_closed_in_another_thread_can_be_opened_again(tmp_path: Path) -> None:
    opened = FileStorage(tmp_path / "state.json")
    in_other_thread(opened.close)
    FileStorage(tmp_path / "state.json").close()


@pytest.mark.parametrize("exists", [True, False], ids=["to a file", "to nothing"])
def test_a_link_in_place_of_the_lock_file_is_not_followed(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "precious"
    if exists:
        target.write_text("precious")
    (tmp_path / ".state.json.lock").symlink_to(target)

    with pytest.raises(StartupError):
        FileStorage(tmp_path / "state.json")

    assert target.exists() is exists
    assert not exists or target.read_text() == "precious"
