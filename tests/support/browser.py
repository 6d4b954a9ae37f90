"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.command import DEADLINE
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import BrowserContext

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def browsing(names: Iterable[str]) -> Iterator[BrowserContext]:
    """Give a browser in which host ``names`` lead to this machine, as an attacker's DNS server could let them.

    Skips or fails the test where Chromium or Playwright is not installed. Fails it if a process outlives the browser.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        skip_or_fail("chromium", "Chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it is in the extra "browser", which may not be installed
    except ImportError:
        skip_or_fail("chromium", "Playwright is not installed; install it with: pip install -e '.[browser]'")
    rules = f"--host-resolver-rules={', '.join(f'MAP {name} 127.0.0.1' for name in names)}"
    with _folder() as folder, sync_playwright() as playwright:
        # Playwright passes --no-sandbox by default. So Chromium runs as root and in a container, too.
        context = playwright.chromium.launch_persistent_context(
            f"{folder}/profile", executable_path=program, args=[rules], env={**os.environ, "HOME": folder}
        )
        with contextlib.closing(context):
            yield context


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    """Give a folder for all temporary files of this process's children, and remove it when they have ended."""
    with tempfile.TemporaryDirectory(prefix="rtgmock-browser-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        try:
            yield folder
        finally:
            _end_processes(folder)


def _end_processes(folder: str) -> None:
    """Wait until no process uses a folder; kill those that are left, and fail the test then."""
    _, left = psutil.wait_procs([one for one in psutil.process_iter() if _uses(one, folder)], timeout=DEADLINE)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=DEADLINE)
    if left:
        pytest.fail(f"left behind: {left}")


def _uses(process: psutil.Process, folder: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(folder in text for text in process.cmdline()) or folder in process.environ().get("TMPDIR", "")
    return False
