"""Test suites of rtgmock's users: written into a folder and run there by another pytest process."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.command import environment

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT = 120
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
    """Run pytest in ``folder``, which holds tests and may hold an ini file.

    Only rtgmock's plugin and pytest-xdist are loaded, or with ``autoload`` every installed plugin. No option of the
    running pytest reaches the new one.
    """
    if not (folder / "pytest.ini").exists():
        (folder / "pytest.ini").write_text("[pytest]\n")
    inherited = {name: value for name, value in environment().items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**inherited, **({} if autoload else _TWO_PLUGINS), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def write_modules(folder: Path, **modules: str) -> None:
    """Write Python modules by their names; their common indentation is removed."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
