"""Many emulators that are started at once: all of them must answer, each on a port that it found itself."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.http import BenchError, send_ok
from tests.bench.processes import START_TIMEOUT, Process
from tests.bench.servers import RTGMOCK


def start(count: int) -> float:
    """Start ``count`` emulators at once and create an instance in each; return the seconds until all have answered.

    Each runs a Redis for its instance, where redis-server is installed. Raises BenchError when one of them fails.
    """
    engine = "process" if shutil.which("redis-server") else "off"
    with tempfile.TemporaryDirectory(prefix="rtgmock-bench-") as parent, contextlib.ExitStack() as stack:
        folders = [Path(parent, str(number)) for number in range(count)]
        started = time.perf_counter()
        for folder in folders:
            folder.mkdir()
            options = ["--port", "0", "--state", "state.json", "--ready-file", "ready", "--redis", engine]
            stack.enter_context(Process([sys.executable, "-m", "rtgmock", "serve", *options], folder))
        ports = [_port(folder) for folder in folders]
        [create] = RTGMOCK.setup
        for port in ports:
            # A replica's master must exist where there is a Redis, so this instance has no texts to fill it.
            send_ok(port, replace(create, body=b'{"plan": "nano"}'))
        seconds = time.perf_counter() - started
    if len({*ports}) != count:
        raise BenchError("two emulators have the same port")
    return seconds


def _port(folder: Path) -> int:
    """Return the port of the emulator in a folder, once it is ready."""
    deadline = time.monotonic() + START_TIMEOUT
    while not (folder / "ready").exists():
        if time.monotonic() > deadline:
            output = (folder / "output.log").read_text(errors="replace")[-300:]
            raise BenchError(f"an emulator was not ready within {START_TIMEOUT:g} s: {output}")
        time.sleep(0.005)  # a poll: what ends it is the file
    return urlsplit((folder / "ready").read_text().strip()).port or 0
