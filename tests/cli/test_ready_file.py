"""The ready file of ``serve``: when it is there, and what it contains."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from rtgmock.cli.ready_file import ready_file
from tests.support.command import until
from tests.support.serve_process import banner_row, call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.serve_process import Start


def test_the_ready_file_holds_the_url_until_the_end(command: Start) -> None:
    server = command("--state", ":memory:")

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", server.ready_file.read_text())
    assert call("GET", f"{server.url}/instances").status_code == 200
    server.stop()
    assert not server.ready_file.exists()


def test_a_stale_ready_file_is_replaced(command: Start, tmp_path: Path) -> None:
    ready_file = tmp_path / "url"
    ready_file.write_text("http://127.0.0.1:1\n" + "x" * 1000)
    server = command("--state", ":memory:", ready_file=ready_file, wait=False)
    url = until(lambda: server.out and banner_row(server, "API"))
    assert until(ready_file.exists)  # it is written after the banner

    assert url == f"{ready_file.read_text().strip()}/instances"
    assert call("GET", url).status_code == 200


def test_nothing_but_the_url_is_ever_in_the_ready_file_and_nothing_is_left_beside_it(
    command: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    server = command("--state", ":memory:", ready_file=folder / "url")

    assert [entry.name for entry in folder.iterdir()] == ["url"]
    server.stop()
    assert list(folder.iterdir()) == []


def test_a_link_that_others_have_put_beside_the_ready_file_is_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "precious", tmp_path / "url"
    target.write_text("precious")
    for name in (path.name, f".{path.name}.{os.getpid()}"):
        path.with_name(name).symlink_to(target)

    with ready_file(path) as announce:
        announce("http://127.0.0.1:8080")
        assert path.read_text() == "http://127.0.0.1:8080\n"
        assert not path.is_symlink()

    assert target.read_text() == "precious"
    assert [entry.name for entry in tmp_path.iterdir()] == ["precious"]
