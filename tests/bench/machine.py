"""The machine, the versions and the day: what a figure means nothing without."""

from __future__ import annotations

import os
import platform
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import psutil

from rtgmock.version import __version__


def describe() -> str:
    """Return one paragraph about where and when this runs."""
    memory = psutil.virtual_memory().total / 2**30
    busy = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    client = "wrk" if shutil.which("wrk") else "the client in tests/bench/load.py"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, rtgmock {__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB{busy}, {platform.system()}; the client is {client}"
    )


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    match = re.search(r"^model name\s*: (.+)$", file.read_text(), re.MULTILINE) if file.exists() else None
    return match[1].strip() if match else platform.processor() or platform.machine()
