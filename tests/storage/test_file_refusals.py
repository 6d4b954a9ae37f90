"""State files that a storage refuses to open, and leaves unchanged."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rtgmock.errors import StartupError
from rtgmock.storage.file import FileStorage
from tests.support.state_files import (
    OLD,
    tables_on_disk,
)

if TYPE_CHECKING:
    from pathlib import Path


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

    assert tables_on_disk(path) == OLD


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


@pytest.mark.parametrize("folder", ["my folder", "$HOME", "it's"])
def test_the_mkdir_command_works_when_pasted(tmp_path: Path, folder: str) -> None:
    with pytest.raises(StartupError) as raised:
        FileStorage(tmp_path / folder / "state.json")
    subprocess.run(["sh", "-c", "mkdir -p" + str(raised.value).partition("mkdir -p")[2]], check=True)
    assert (tmp_path / folder).is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "null"
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    with pytest.raises(StartupError):
        FileStorage(path).write(OLD)
    assert path.is_char_device()


def test_a_fifo_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(FileStorage, tmp_path / "fifo")
        try:
            with pytest.raises(StartupError):
                opening.result(timeout=2)
        finally:
            with contextlib.suppress(OSError):
                os.close(os.open(tmp_path / "fifo", os.O_WRONLY | os.O_NONBLOCK))
