"""Files and folders that the emulator's user may not read or write."""

from __future__ import annotations

import contextlib
import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from rtgmock import processes
from rtgmock.errors import InternalError, StartupError
from rtgmock.storage.file import FileStorage
from tests.support.state_files import NEW, OLD, tables_on_disk
from tests.support.unprivileged import mode, unprivileged_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def path() -> Iterator[Path]:
    """The path of a state file in a folder of a user who is not root."""
    with unprivileged_folder() as folder:
        (folder / "folder").mkdir()
        yield folder / "folder" / "state.json"


def refusal(path: Path) -> str:
    with pytest.raises(StartupError) as raised:
        FileStorage(path)
    assert "\n" not in str(raised.value)
    assert "--state FILE" in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("bits", [0, 0o200])
def test_a_file_that_may_not_be_read_is_refused_and_left_as_it_is(path: Path, bits: int) -> None:
    path.write_bytes(b"{}")
    with mode(path, bits):
        assert f"{path} cannot be read: Permission denied" in refusal(path)

    assert path.read_bytes() == b"{}"


@pytest.mark.parametrize("bits", [0, 0o200, 0o400])
def test_a_journal_that_may_not_be_read_and_written_is_refused_and_left_as_it_is(path: Path, bits: int) -> None:
    file = FileStorage(path)
    file.write(OLD)
    file.write(NEW)
    file.abandon()
    journal = path.with_name("state.json.journal")
    before = journal.read_bytes()
    with mode(journal, bits):
        assert f"the journal {journal} of the state file cannot be read: Permission denied" in refusal(path)

    assert journal.read_bytes() == before
    assert tables_on_disk(path) == NEW


def test_a_lock_file_that_may_not_be_written_is_refused(path: Path) -> None:
    path.write_bytes(b"{}")
    lock = path.with_name(".state.json.lock")
    lock.touch()
    with mode(lock, 0):
        assert f"the lock file {lock} cannot be used: Permission denied" in refusal(path)


@pytest.mark.parametrize("bits", [0, 0o100, 0o200, 0o400, 0o500, 0o600])
def test_a_folder_that_may_not_be_used_is_refused(path: Path, bits: int) -> None:
    path.write_bytes(b"{}")
    with mode(path.parent, bits):
        assert f"the folder {path.parent} cannot be written: Permission denied" in refusal(path)

    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b"{}"


def test_in_a_container_the_user_who_may_write_the_folder_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = path.parent.stat()
    monkeypatch.setattr(processes, "_CONTAINER_MARKERS", ["/"])
    with mode(path.parent, 0o500):
        assert "--user" not in refusal(path)
    with mode(path.parent, 0o755), monkeypatch.context() as other:
        other.setattr("os.geteuid", lambda: owner.st_uid + 1)
        other.setattr("filelock.FileLock.acquire", Mock(side_effect=PermissionError(errno.EACCES, "Permission denied")))
        assert f"; run the container as its owner, docker run --user {owner.st_uid}:{owner.st_gid}, or " in refusal(
            path
        )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_folder_in_which_no_file_can_be_is_not_called_in_use() -> None:
    assert "the folder /proc cannot be written: No such file or directory" in refusal(Path("/proc/state.json"))


def test_a_folder_below_one_that_may_not_be_entered_is_refused(path: Path) -> None:
    with mode(path.parent.parent, 0o600):
        assert f"the folder {path.parent} cannot be written: Permission denied" in refusal(path)


def test_in_a_folder_that_may_not_be_listed_nothing_is_written(path: Path) -> None:
    """It can't be synced."""
    with (
        mode(path.parent, 0o300),
        contextlib.closing(FileStorage(path)) as file,
        pytest.raises(InternalError, match="Permission denied"),
    ):
        file.write(OLD)

    assert not path.exists()


def test_a_folder_that_became_read_only_makes_writes_fail(path: Path) -> None:
    with contextlib.closing(FileStorage(path)) as file:
        file.write(OLD)
        with mode(path.parent, 0o500), pytest.raises(InternalError, match="Permission denied"):
            file.write(NEW)
        assert file.read() == tables_on_disk(path) == OLD
        file.write(NEW)
        assert tables_on_disk(path) == NEW
