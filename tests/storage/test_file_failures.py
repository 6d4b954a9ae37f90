"""A state file that cannot be written: nothing has changed then."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import InternalError
from rtgmock.storage.file import FileStorage
from tests.support.command import until
from tests.support.state_files import (
    NEW,
    NEWER,
    OLD,
    in_other_thread,
    tables_in_file,
    tables_on_disk,
    write_new,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def failing(code: int) -> Callable[..., Any]:
    def fail(*arguments: object, **options: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


COMMIT = [
    ("os.open", errno.EMFILE),
    ("os.open", errno.EROFS),
    ("os.open", errno.EACCES),
    ("os.open", errno.ENOSPC),
    ("os.pwrite", errno.ENOSPC),
    ("os.pwrite", errno.EIO),
    ("os.fdatasync", errno.ENOSPC),
    ("os.fdatasync", errno.EIO),
    ("os.fsync", errno.EIO),  # of the folder, once the journal is in it
]
REPLACEMENT = [
    ("os.fsync", errno.ENOSPC),
    ("os.fsync", errno.EIO),
    ("os.replace", errno.EIO),
    ("os.replace", errno.EROFS),
    ("os.replace", errno.EACCES),
    ("tempfile.mkstemp", errno.EROFS),
    ("tempfile.mkstemp", errno.EACCES),
    ("tempfile.mkstemp", errno.ENOSPC),
    ("tempfile.mkstemp", errno.EMFILE),
]


@pytest.mark.parametrize(("call", "code"), COMMIT)
def test_when_a_commit_fails_nothing_has_changed_and_the_next_one_works(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    monkeypatch.setattr(call, failing(code))
    for _ in range(2):
        with pytest.raises(InternalError) as raised:
            write_new(file)
        assert os.strerror(code) in str(raised.value)
        assert file.read() == in_other_thread(file.read) == OLD
    monkeypatch.undo()

    assert tables_on_disk(path) == OLD
    write_new(file)
    assert file.read() == tables_on_disk(path) == NEW


@pytest.mark.parametrize(("call", "code"), [*REPLACEMENT, ("os.open", errno.EMFILE)])
def test_when_the_first_write_fails_there_is_no_file_and_the_next_one_works(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    with contextlib.closing(FileStorage(path)) as file:
        monkeypatch.setattr(call, failing(code))
        with pytest.raises(InternalError, match=os.strerror(code)):
            file.write(OLD)
        monkeypatch.undo()
        assert file.read() == {}
        assert {entry.name for entry in path.parent.iterdir()} == {f".{path.name}.lock"}

        file.write(OLD)
        assert file.read() == tables_on_disk(path) == OLD


@pytest.mark.parametrize(
    "failure", [*REPLACEMENT, ("rtgmock.storage.file.sync_folder", errno.EIO), ("os.ftruncate", errno.EIO)]
)
def test_when_folding_fails_nothing_is_lost_and_the_next_time_works(
    file: FileStorage,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: tuple[str, int],
) -> None:
    call, code = failure
    write_new(file)
    monkeypatch.setattr(call, failing(code))
    file.fold()
    monkeypatch.undo()
    assert os.strerror(code) in caplog.text
    assert file.read() == tables_on_disk(path) == NEW

    file.write(NEWER)
    assert file.read() == tables_on_disk(path) == NEWER
    file.fold()
    assert tables_in_file(path) == tables_on_disk(path) == NEWER


def test_when_the_folder_cannot_be_synced_the_old_file_and_the_new_one_give_the_same(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_new(file)
    old = path.read_bytes()
    monkeypatch.setattr("rtgmock.storage.file.sync_folder", failing(errno.EIO))
    file.fold()
    assert path.read_bytes() != old
    file.write(NEWER)
    assert tables_on_disk(path) == NEWER

    # A power cut may bring the old file back.
    path.write_bytes(old)
    assert tables_on_disk(path) == NEWER


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EIO])
def test_a_write_of_which_the_disk_takes_a_part_is_taken_back(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch, failure: int
) -> None:
    pwrite = os.pwrite

    def write_some(descriptor: int, content: bytes, offset: int) -> int:
        if len(content) < 20:
            raise OSError(failure, os.strerror(failure))
        return pwrite(descriptor, content[:9], offset)

    monkeypatch.setattr(os, "pwrite", write_some)
    with pytest.raises(InternalError, match=os.strerror(failure)):
        write_new(file)
    assert file.read() == tables_on_disk(path) == OLD
    monkeypatch.undo()

    file.write(NEWER)
    assert file.read() == tables_on_disk(path) == NEWER


def test_a_disk_that_is_full_in_the_middle_of_a_write_changes_nothing(file: FileStorage, path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(InternalError, match="cannot be written"):
            file.write({"fish": {"1": {"name": "ray" * 1000}}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert file.read() == tables_on_disk(path) == OLD
    file.write(NEW)
    assert tables_on_disk(path) == NEW


def test_commits_that_wait_for_the_same_failing_sync_are_all_taken_back(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, release = threading.Event(), threading.Event()

    def fail_later(descriptor: int) -> None:
        entered.set()
        assert release.wait(10)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fail_later)
    with ThreadPoolExecutor(3) as pool:
        writes = [pool.submit(file.put, "fish", "2", {"name": "catfish"})]
        assert entered.wait(10)
        writes += [pool.submit(file.put, "fish", key, {"name": "tuna"}) for key in "34"]
        assert until(lambda: len(file.latest(lambda state: state.rows("fish"))) == 4)
        assert in_other_thread(file.read) == OLD
        release.set()
        problems = [write.exception(timeout=10) for write in writes]
    monkeypatch.undo()

    assert [type(problem) for problem in problems] == [InternalError] * 3
    reason = f"the state file cannot be written ({os.strerror(errno.EIO)})"
    assert {getattr(problem, "problem", "") for problem in problems} == {reason}
    assert file.read() == tables_on_disk(path) == OLD
    file.write(NEW)
    assert file.read() == tables_on_disk(path) == NEW
