"""Test suites of rtgmock's users: written into a folder and run there by another pytest."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from rtgmock import pytest_plugin
from tests.support.command import environment
from tests.support.main import call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIMEOUT = 120
_OPTIONS = ("-q", "-p", "no:cacheprovider")
# What the running pytest does already for the whole process; the second of them would collect garbage twice as well.
_NOT_TWICE = ("-p", "no:faulthandler", "-p", "no:unraisableexception")
# Loading every plugin that is installed here (Hypothesis, Schemathesis, anyio and more) takes longer than most suites.
_TWO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "rtgmock.pytest_plugin,xdist.plugin"}


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, int]:
        """The numbers in the last line: ``{"passed": 2, "failed": 1}``."""
        matches = re.findall(r"(\d+) (passed|failed|errors?|skipped)", self.out.rstrip().rpartition("\n")[2])
        return {name.removesuffix("s") if name == "errors" else name: int(number) for number, name in matches}


def run_pytest(folder: Path, *arguments: str, env: dict[str, str] | None = None, autoload: bool = False) -> Outcome:
    """Run pytest as a process in ``folder``, which holds tests and may hold an ini file.

    Only rtgmock's plugin and pytest-xdist are loaded, or with ``autoload`` every installed plugin. No option of the
    running pytest reaches the new one.
    """
    _write_ini(folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_OPTIONS, *arguments],
        cwd=folder,
        env={**_inherited(), **({} if autoload else _TWO_PLUGINS), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def call_pytest(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
    """Run pytest in this process, with rtgmock's plugin alone; a fifth of the time of ``run_pytest``."""
    _write_ini(folder)
    options = [*_OPTIONS, *_NOT_TWICE, *arguments]
    with _imports_forgotten(folder):
        done = call(
            lambda: int(pytest.main(options, plugins=[pytest_plugin])),
            folder,
            {**_inherited(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **(env or {})},
        )
    return Outcome(done.returncode, done.stdout, done.stderr)


def _write_ini(folder: Path) -> None:
    """Write an ini file if there is none, so that pytest looks for none in the folders above."""
    if not (folder / "pytest.ini").exists():
        (folder / "pytest.ini").write_text("[pytest]\n")


def _inherited() -> dict[str, str]:
    return {name: value for name, value in environment().items() if not name.startswith("PYTEST_")}


@contextlib.contextmanager
def _imports_forgotten(folder: Path) -> Iterator[None]:
    """Let the modules of a folder be imported as if for the first time by the next run."""
    try:
        with mock.patch.object(sys, "path", [*sys.path]), mock.patch.object(sys, "dont_write_bytecode", new=True):
            yield
    finally:
        inside = [name for name, module in sys.modules.items() if str(folder) in str(getattr(module, "__file__", ""))]
        for name in inside:
            del sys.modules[name]


def write_modules(folder: Path, **modules: str) -> None:
    """Write Python modules by their names; their common indentation is removed."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
