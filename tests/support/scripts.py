"""Scripts in other languages: run in a process, and their JSON output read back."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.npm import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MISSING = 69
"""The exit code by which a script reports that a library or function that it needs is missing."""


def run(
    arguments: Sequence[str], variables: Mapping[str, str] | None = None, *, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, in an environment of PATH, HOME and ``variables``."""
    env = {**ENVIRONMENT, **(variables or {})}
    return subprocess.run(arguments, input=stdin, env=env, capture_output=True, timeout=30, check=False)


def printed(finished: subprocess.CompletedProcess[bytes]) -> Any:
    """Return the data that a successful script printed as JSON."""
    assert finished.returncode == 0, finished.stderr.decode()
    return json.loads(finished.stdout)


def javascript(prelude: str, code: str) -> str:
    """Return a Node script that runs ``code`` as the body of an async function and prints its result as JSON."""
    return f"{prelude}\n(async () => {{\n{code}\n}})().then((value) => console.log(JSON.stringify(value)));"
