"""Installs the peers into a cache folder, each once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.http import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TIMEOUT = 900


@dataclass(frozen=True)
class Package:
    """A package, from ``pypi`` or from ``npm``."""

    registry: str
    requirement: str

    def install(self, cache: Path) -> Path:
        """Return the folder that it is installed in; install it first if it is not. Raises BenchError."""
        name = "".join(character if character.isalnum() else "-" for character in self.requirement)
        folder = cache / f"{self.registry}-{name}"
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            (_install_npm if self.registry == "npm" else _install_pypi)(folder, self.requirement)
            (folder / "complete").touch()
        return folder


def _install_npm(folder: Path, requirement: str) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise BenchError("npm is not installed")
    (folder / "package.json").write_text('{"private": true}')
    _run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", requirement], folder)


def _install_pypi(folder: Path, requirement: str) -> None:
    _run([sys.executable, "-m", "venv", "venv"], folder)
    _run([str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=True)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"its installation took more than {_TIMEOUT} s") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        raise BenchError(f"it cannot be installed: {lines[-1] if lines else error}") from error
