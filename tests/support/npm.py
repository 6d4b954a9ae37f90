"""npm packages for the tests that need them, installed again only when their lock file has changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    import pytest

LOCKED = Path(__file__).parents[1] / "clients"
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LANG": "C.UTF-8"}


def modules(name: str, config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """Return the ``node_modules`` folder with the packages that ``tests/clients/NAME`` locks.

    Skips or fails the test where they cannot be installed.
    """
    npm = shutil.which("npm") or skip_or_fail("node", "npm is not installed")
    key = hashlib.sha256((LOCKED / name / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = getattr(config, "cache", None)
    folder = cache.mkdir(f"{name}-{key}") if cache else factory.mktemp(name)
    installed, partial = folder / "installed", folder / "partial"
    # Each worker of pytest-xdist gets here; the first one installs, the others wait for it.
    with FileLock(folder / "lock", timeout=180):
        if not installed.exists():
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(LOCKED / name, partial)
            _install(npm, partial)
            partial.rename(installed)  # only a complete installation gets the name that is looked for
    return Path(installed / "node_modules")


def _install(npm: str, folder: Path) -> None:
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
    fast = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=500"]
    try:
        subprocess.run(
            [npm, "ci", *quiet, *fast],
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=True,
        )
    except subprocess.TimeoutExpired:
        skip_or_fail("node", "npm ci took more than two minutes")
    except subprocess.CalledProcessError as error:
        reasons = re.findall(r"^npm (?:error|ERR!) (.+)", error.stderr.decode(), re.MULTILINE)
        skip_or_fail("node", f"npm ci failed: {'; '.join(reasons[:4])}")
