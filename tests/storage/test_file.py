"""The state file: what is in it, where it is, and in what order it is written."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest
from tinydb import TinyDB

from rtgmock.errors import StartupError
from rtgmock.storage.file import FileStorage
from rtgmock.storage.store import Store
from tests.support.command import until
from tests.support.state_files import (
    NEW,
    NEWER,
    OLD,
    STATE_ID,
    tables_in_file,
    tables_on_disk,
    write_and_fail,
    write_new,
)

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_nothing_is_written_before_the_transaction_ends(file: FileStorage, path: Path) -> None:
    with file.transaction():
        file.write(NEW)
        assert tables_on_disk(path) == OLD

    assert tables_on_disk(path) == NEW
    assert tables_in_file(path) == OLD
    file.fold()
    assert tables_in_file(path) == NEW


def test_only_the_owner_may_read_the_files(file: FileStorage, path: Path) -> None:
    file.write(NEW)
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}

    assert modes == dict.fromkeys([path.name, f".{path.name}.lock", f"{path.name}.journal"], 0o600)


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

    file.fold()
    assert {entry.name for entry in path.parent.iterdir()} == {path.name, f".{path.name}.lock", f"{path.name}.journal"}
    file.close()
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


def noted_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return the list to which all calls are added that write or sync a file, with the file's inode."""
    calls: list[tuple[str, int]] = []

    def note(name: str, inode: Callable[[Any], int]) -> None:
        function = getattr(os, name)

        def noted(first: Any, *others: Any) -> Any:
            calls.append((name, inode(first)))
            return function(first, *others)

        monkeypatch.setattr(os, name, noted)

    for name in ("fsync", "fdatasync", "pwrite", "ftruncate"):
        note(name, lambda descriptor: os.fstat(descriptor).st_ino)
    note("replace", lambda source: os.stat(source).st_ino)  # noqa: PTH116
    return calls


def test_a_commit_is_one_record_that_is_synced(file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = noted_calls(monkeypatch)
    with file.transaction():
        file.write({"fish": {}})
        file.write(NEW)
    journal, folder = path.with_name("state.json.journal").stat().st_ino, path.parent.stat().st_ino
    assert calls == [("pwrite", journal), ("fdatasync", journal), ("fsync", folder)]
    calls.clear()

    file.write(OLD)
    assert calls == [("pwrite", journal), ("fdatasync", journal)]


def test_folding_syncs_the_file_before_its_name_and_both_before_the_journal_is_emptied(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(NEW)
    calls = noted_calls(monkeypatch)
    file.fold()

    new, journal, folder = (entry.stat().st_ino for entry in (path, path.with_name("state.json.journal"), path.parent))
    assert calls == [
        *[("pwrite", new), ("fsync", new), ("replace", new)],
        *[("fsync", folder), ("ftruncate", journal)],
    ]


def test_the_journal_is_folded_after_a_rest(path: Path) -> None:
    with contextlib.closing(FileStorage(path, idle=0.05)) as file:
        file.write(OLD)
        for content in (NEW, NEWER):
            file.write(content)
            assert until(lambda: tables_in_file(path) == content)  # noqa: B023 - called here
        assert until(lambda: path.with_name("state.json.journal").stat().st_size == 0)
        assert tables_on_disk(path) == NEWER


def test_a_journal_that_is_larger_than_the_file_is_folded_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtgmock.storage.file.MIN_FOLD_SIZE", 1000)
    with contextlib.closing(FileStorage(path, idle=1000)) as file:
        file.write(OLD)
        for number in range(20):
            file.put("fish", "2", {"name": f"catfish {number}" + "." * 100})
        assert until(lambda: "2" in tables_in_file(path)["fish"])


def test_what_a_dead_emulator_left_in_the_journal_is_folded_at_the_start(path: Path) -> None:
    Store.open(path, STATE_ID).close()
    dead = Store.open(path, STATE_ID)
    with dead.transaction() as change:
        change.add_accounts(["username"])
    dead._storage.abandon()
    assert "accounts" not in tables_in_file(path)

    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        assert store.accounts() == {"username": 1}
        assert tables_in_file(path)["accounts"] == {"1": {"name": "username"}}


def test_the_temporary_file_of_a_state_file_with_a_longer_name_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / ".state.json.a1b2c3d4.tmp"
    other.write_text("in use by the emulator of state.json")
    FileStorage(tmp_path / "state").close()
    assert other.exists()
