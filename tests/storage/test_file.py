"""The state file: what is in it, where it is, and in what order it is written."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

import pytest
from tinydb import TinyDB

from rtgmock.errors import StartupError
from rtgmock.storage.file import FileStorage
from tests.support.state_files import (
    NEW,
    OLD,
    tables_on_disk,
    write_and_fail,
    write_new,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_plain_tinydb_opens_the_file(file: FileStorage, path: Path) -> None:
    file.write({"_default": {"7": {"name": "ray", "points": ["900 1"], "unicode": "Zürich ☃"}}})
    file.close()

    with TinyDB(path) as plain:
        assert plain.all() == [{"name": "ray", "points": ["900 1"], "unicode": "Zürich ☃"}]
        assert plain.insert({"name": "catfish"}) == 8
    with contextlib.closing(FileStorage(path)) as again:
        assert again.read()["_default"]["8"] == {"name": "catfish"}


def test_what_was_written_is_there_after_reopening(file: FileStorage, path: Path) -> None:
    write_new(file)
    file.close()

    with contextlib.closing(FileStorage(path)) as again:
        assert again.read() == NEW


def test_an_error_in_a_transaction_does_not_touch_the_file(file: FileStorage, path: Path) -> None:
    before = path.stat()
    with pytest.raises(ZeroDivisionError):
        write_and_fail(file)

    assert tables_on_disk(path) == OLD
    assert path.stat().st_ino == before.st_ino


def test_the_file_is_not_written_before_the_transaction_ends(file: FileStorage, path: Path) -> None:
    with file.transaction():
        file.write(NEW)
        assert tables_on_disk(path) == OLD

    assert tables_on_disk(path) == NEW


def test_only_the_owner_may_read_the_files(file: FileStorage, path: Path) -> None:
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}

    assert modes == {path.name: 0o600, f".{path.name}.lock": 0o600}


def test_a_file_that_others_could_read_is_theirs_no_longer_after_a_write(path: Path) -> None:
    path.write_text("{}")
    path.chmod(0o644)
    with contextlib.closing(FileStorage(path)) as opened:
        opened.write(OLD)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path)
    with contextlib.closing(FileStorage(link)) as opened:
        opened.write(OLD)
        with pytest.raises(StartupError, match="in use by another emulator"):
            FileStorage(path)

    assert link.is_symlink()
    assert tables_on_disk(path) == OLD
    assert not path.is_symlink()


def test_a_link_in_place_of_the_folder_does_as_well(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.symlink_to(path.parent)
    with contextlib.closing(FileStorage(folder / path.name)) as opened:
        opened.write(OLD)

    assert folder.is_symlink()
    assert tables_on_disk(path) == OLD


def test_a_relative_path_stays_what_it_was_when_the_working_folder_changes(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with contextlib.closing(FileStorage(path.name)) as opened:
        monkeypatch.chdir(tmp_path)
        opened.write(OLD)

    assert tables_on_disk(path) == OLD


def test_no_temporary_file_is_left(file: FileStorage, path: Path) -> None:
    file.write(NEW)
    with pytest.raises(ZeroDivisionError):
        write_and_fail(file)

    assert {entry.name for entry in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}


@pytest.mark.parametrize("name", ["state.json", "state", "st[a]te*?.json", "Zustand für morgen.json"])
def test_what_a_dead_process_left_is_removed_at_start(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    stale = tmp_path / f".{name}.a1b2c3d4.tmp"
    others = [tmp_path / "state.json.tmp", tmp_path / ".other.json.a1b2c3d4.tmp", tmp_path / "notes.tmp"]
    for entry in [stale, *others]:
        entry.write_text("{half a fi")
    with contextlib.closing(FileStorage(path)) as opened:
        opened.write(OLD)

    assert not stale.exists()
    assert all(other.read_text() == "{half a fi" for other in others)
    assert tables_on_disk(path) == OLD


def test_the_data_is_synced_before_it_replaces_the_file_and_the_folder_after(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, int, int]] = []
    fsync, replace = os.fsync, os.replace

    def note(name: str, info: os.stat_result) -> None:
        calls.append((name, info.st_ino, 0 if stat.S_ISDIR(info.st_mode) else info.st_size))

    def noted_fsync(descriptor: int) -> None:
        note("fsync", os.fstat(descriptor))
        fsync(descriptor)

    def noted_replace(source: str, target: str) -> None:
        note("replace", os.stat(source))  # noqa: PTH116
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    with file.transaction():
        file.write({"fish": {}})
        file.write(NEW)

    written = path.stat()
    assert calls == [
        ("fsync", written.st_ino, written.st_size),
        ("replace", written.st_ino, written.st_size),
        ("fsync", path.parent.stat().st_ino, 0),
    ]


def test_the_temporary_file_of_a_state_file_with_a_longer_name_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / ".state.json.a1b2c3d4.tmp"
    other.write_text("in use by the emulator of state.json")
    FileStorage(tmp_path / "state").close()
    assert other.exists()
