"""A state file that cannot be written: nothing has changed then."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import InternalError
from rtgmock.storage.file import FileStorage
from tests.support.state_files import (
    NEW,
    OLD,
    in_other_thread,
    tables_on_disk,
    write_new,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


needs_permissions = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")


def failing(code: int) -> Callable[..., Any]:
    def fail(*arguments: object, **options: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("os.fsync", errno.ENOSPC),
        ("os.fsync", errno.EIO),
        ("os.replace", errno.EIO),
        ("os.replace", errno.EROFS),
        ("os.replace", errno.EACCES),
        ("tempfile.mkstemp", errno.EROFS),
        ("tempfile.mkstemp", errno.EACCES),
        ("tempfile.mkstemp", errno.ENOSPC),
        ("tempfile.mkstemp", errno.EMFILE),
    ],
)
def test_when_a_write_fails_nothing_has_changed_and_the_next_one_works(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    before = path.read_bytes()
    monkeypatch.setattr(call, failing(code))
    for _ in range(2):
        with pytest.raises(InternalError) as raised:
            write_new(file)
        assert os.strerror(code) in str(raised.value)
        assert file.read() == in_other_thread(file.read) == OLD
        assert path.read_bytes() == before
    monkeypatch.undo()

    assert {entry.name for entry in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}
    write_new(file)
    assert file.read() == tables_on_disk(path) == NEW


def test_a_disk_that_is_full_in_the_middle_of_a_write_changes_nothing(file: FileStorage, path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(InternalError, match="cannot be written"):
            file.write({"fish": {"1": {"name": "ray" * 1000}}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert file.read() == OLD
    assert path.read_bytes() == before
    assert {entry.name for entry in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}
    file.write(NEW)
    assert tables_on_disk(path) == NEW


@needs_permissions
def test_a_folder_that_became_read_only_makes_writes_fail(file: FileStorage, path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(InternalError, match="Permission denied"):
            file.write(NEW)
    finally:
        path.parent.chmod(0o700)

    assert file.read() == tables_on_disk(path) == OLD
    file.write(NEW)
    assert tables_on_disk(path) == NEW


def test_memory_and_disk_agree_when_only_the_folder_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    with contextlib.closing(FileStorage(path)) as file:
        file.write(OLD)
        fsync = os.fsync

        def fail_for_folders(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", fail_for_folders)
        with contextlib.suppress(InternalError):
            file.write(NEW)
        assert file.read() == tables_on_disk(path)
