"""The storages: what a transaction promises, in memory and in a file, and what the file promises besides."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from tinydb import TinyDB

from rtgmock.errors import InternalError, StartupError
from rtgmock.storage.file import FileStorage
from rtgmock.storage.transactional import MemoryStorage, TransactionalStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

OLD = {"fish": {"1": {"name": "ray"}}}
NEW = {"fish": {"1": {"name": "ray"}, "2": {"name": "catfish"}}}

needs_permissions = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")


@pytest.fixture(params=[MemoryStorage, FileStorage])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TransactionalStorage]:
    arguments = () if request.param is MemoryStorage else (tmp_path / "state.json",)
    with contextlib.closing(request.param(*arguments)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "state.json"


@pytest.fixture
def file(path: Path) -> Iterator[FileStorage]:
    """An open file that holds ``OLD``."""
    with contextlib.closing(FileStorage(path)) as opened:
        opened.write(OLD)
        yield opened


def elsewhere(function: Callable[[], T]) -> T:
    """What ``function`` gives in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(timeout=10)


def break_off(storage: TransactionalStorage) -> None:
    """A transaction that writes ``NEW`` and then fails with ZeroDivisionError."""
    with storage.transaction():
        storage.write(NEW)
        raise ZeroDivisionError


def change(storage: TransactionalStorage) -> None:
    """A transaction that writes ``NEW``."""
    with storage.transaction():
        storage.write(NEW)


def on_disk(path: Path) -> Any:
    return json.loads(path.read_bytes())


def test_there_is_nothing_at_first(storage: TransactionalStorage) -> None:
    assert storage.read() == {}


def test_a_write_outside_a_transaction_counts_at_once(storage: TransactionalStorage) -> None:
    storage.write(OLD)

    assert storage.read() == elsewhere(storage.read) == OLD


def test_a_transaction_counts_as_a_whole_at_its_end(storage: TransactionalStorage) -> None:
    with storage.transaction():
        storage.write(OLD)
        storage.write(NEW)
        assert storage.read() == NEW
        assert elsewhere(storage.read) == {}

    assert storage.read() == elsewhere(storage.read) == NEW


def test_other_threads_read_what_was_committed_last(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    with storage.transaction():
        storage.write(NEW)
        assert elsewhere(storage.read) == OLD

    assert elsewhere(storage.read) == NEW


def test_any_thread_may_write(storage: TransactionalStorage) -> None:
    elsewhere(lambda: storage.write(OLD))
    assert storage.read() == OLD

    elsewhere(lambda: change(storage))
    assert storage.read() == NEW


def test_an_error_in_a_transaction_leaves_nothing_of_it(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    with pytest.raises(ZeroDivisionError):
        break_off(storage)

    assert storage.read() == elsewhere(storage.read) == OLD
    with storage.transaction():
        assert storage.read() == OLD
        storage.write(NEW)
    assert storage.read() == NEW


def test_a_transaction_may_write_nothing(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    with storage.transaction():
        assert storage.read() == OLD

    assert storage.read() == OLD


def test_a_reader_may_do_what_it_likes_with_its_dict_of_tables(storage: TransactionalStorage) -> None:
    storage.write(OLD)
    storage.read().clear()
    with storage.transaction():
        storage.read().clear()

    assert storage.read() == OLD


def test_tinydb_works_on_top_of_it(storage: TransactionalStorage) -> None:
    database = TinyDB(storage=lambda: storage)
    with storage.transaction():
        first = database.insert({"name": "ray"})
        database.insert({"name": "catfish"})
        database.remove(doc_ids=[first])

    assert database.all() == [{"name": "catfish"}]
    assert elsewhere(database.all) == [{"name": "catfish"}]


def test_plain_tinydb_opens_the_file(file: FileStorage, path: Path) -> None:
    file.write({"_default": {"7": {"name": "ray", "points": ["900 1"], "unicode": "Zürich ☃"}}})
    file.close()

    with TinyDB(path) as plain:
        assert plain.all() == [{"name": "ray", "points": ["900 1"], "unicode": "Zürich ☃"}]
        assert plain.insert({"name": "catfish"}) == 8
    with contextlib.closing(FileStorage(path)) as again:
        assert again.read()["_default"]["8"] == {"name": "catfish"}


def test_what_was_written_is_there_after_reopening(file: FileStorage, path: Path) -> None:
    change(file)
    file.close()

    with contextlib.closing(FileStorage(path)) as again:
        assert again.read() == NEW


def test_an_error_in_a_transaction_does_not_touch_the_file(file: FileStorage, path: Path) -> None:
    before = path.stat()
    with pytest.raises(ZeroDivisionError):
        break_off(file)

    assert on_disk(path) == OLD
    assert path.stat().st_ino == before.st_ino


def test_the_file_is_not_written_before_the_transaction_ends(file: FileStorage, path: Path) -> None:
    with file.transaction():
        file.write(NEW)
        assert on_disk(path) == OLD

    assert on_disk(path) == NEW


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
    assert on_disk(path) == OLD
    assert not path.is_symlink()


def test_a_link_in_place_of_the_folder_does_as_well(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.symlink_to(path.parent)
    with contextlib.closing(FileStorage(folder / path.name)) as opened:
        opened.write(OLD)

    assert folder.is_symlink()
    assert on_disk(path) == OLD


def test_a_relative_path_stays_what_it_was_when_the_working_folder_changes(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with contextlib.closing(FileStorage(path.name)) as opened:
        monkeypatch.chdir(tmp_path)
        opened.write(OLD)

    assert on_disk(path) == OLD


def test_no_temporary_file_is_left(file: FileStorage, path: Path) -> None:
    file.write(NEW)
    with pytest.raises(ZeroDivisionError):
        break_off(file)

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
    assert on_disk(path) == OLD


def test_the_data_is_synced_before_it_replaces_the_file_and_the_folder_after(
    file: FileStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, int, int]] = []
    fsync, replace = os.fsync, os.replace

    def note(name: str, found: os.stat_result) -> None:
        calls.append((name, found.st_ino, 0 if stat.S_ISDIR(found.st_mode) else found.st_size))

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
            change(file)
        assert os.strerror(code) in str(raised.value)
        assert file.read() == elsewhere(file.read) == OLD
        assert path.read_bytes() == before
    monkeypatch.undo()

    assert {entry.name for entry in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}
    change(file)
    assert file.read() == on_disk(path) == NEW


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
    assert on_disk(path) == NEW


@needs_permissions
def test_a_folder_that_became_read_only_makes_writes_fail(file: FileStorage, path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(InternalError, match="Permission denied"):
            file.write(NEW)
    finally:
        path.parent.chmod(0o700)

    assert file.read() == on_disk(path) == OLD
    file.write(NEW)
    assert on_disk(path) == NEW


def test_a_second_emulator_is_refused_with_the_name_of_the_file_and_of_the_process(
    file: FileStorage, path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(StartupError) as raised:
            FileStorage(path)
        assert str(path) in str(raised.value)
        assert f"process {os.getpid()}" in str(raised.value)

    file.write(NEW)
    assert on_disk(path) == NEW


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


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"redis", "is not JSON (line 1, column 1)"),
        (b'{"fish": {\n"1": {"name": "r', "is not JSON (line 2, column"),
        (b'{"fish": {}', "is not JSON"),
        (b'{"fish": {}}{"fish": {}}', "is not JSON"),
        (b'{"fish": {"1": {"name": "r\xff"}}}', "is not JSON"),
        (b"\x00" * 100, "is not JSON"),
        (b"\n", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a TinyDB file"),
        (b"null", "is not a TinyDB file"),
        (b'"fish"', "is not a TinyDB file"),
        (b'{"fish": []}', "is not a TinyDB file"),
        (b'{"fish": {}, "name": "ray"}', "is not a TinyDB file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_left_as_it_is(path: Path, content: bytes, problem: str) -> None:
    path.write_bytes(content)
    path.chmod(0o640)
    with pytest.raises(StartupError) as raised:
        FileStorage(path)

    assert f"the state file {path} {problem}" in str(raised.value)
    assert "--state FILE" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.write_bytes(b"{}")
    FileStorage(path).close()


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_an_empty_file_is_a_new_one(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.closing(FileStorage(path)) as opened:
        assert opened.read() == {}
        assert path.read_bytes() == content
        opened.write(OLD)

    assert on_disk(path) == OLD


def test_a_folder_in_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    (path / "precious").write_text("data")
    with pytest.raises(StartupError, match="is not a plain file"):
        FileStorage(path)

    assert (path / "precious").read_text() == "data"


def test_a_missing_folder_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    with pytest.raises(StartupError) as raised:
        FileStorage(folder / "state.json")

    assert f"mkdir -p {folder}" in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@needs_permissions
def test_a_file_that_may_not_be_read_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"{}")
    path.chmod(0)
    with pytest.raises(StartupError, match=f"{path} cannot be read: Permission denied"):
        FileStorage(path)

    path.chmod(0o600)
    assert path.read_bytes() == b"{}"


@needs_permissions
def test_a_folder_that_may_not_be_written_is_refused(path: Path) -> None:
    path.write_bytes(b"{}")
    path.parent.chmod(0o500)
    try:
        with pytest.raises(StartupError, match=f"the folder {path.parent} cannot be written: Permission denied"):
            FileStorage(path)
    finally:
        path.parent.chmod(0o700)

    assert path.read_bytes() == b"{}"
