"""Test suites of other people's: written into a folder and run by a pytest of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.command import environment

if TYPE_CHECKING:
    from pathlib import Path

_DEADLINE = 120


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code, what it printed, and how many tests came out how."""

    code: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, int]:
        found = re.findall(r"(\d+) (passed|failed|errors?|skipped)", self.out.rstrip().rpartition("\n")[2])
        return {name.removesuffix("s") if name == "errors" else name: int(number) for number, name in found}


def run_pytest(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
    """Run pytest in ``folder``, where there are tests and perhaps an ini file; no plugin's options come from here."""
    if not (folder / "pytest.ini").exists():
        (folder / "pytest.ini").write_text("[pytest]\n")
    variables = environment(**(env or {}))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={name: value for name, value in variables.items() if not name.startswith("PYTEST_")} | (env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DEADLINE,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
