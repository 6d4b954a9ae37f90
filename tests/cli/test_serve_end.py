"""The end of ``rtgmock serve``: under load, with ignored signals, without a reader of the log."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.api_client import ApiClient
from tests.support.command import DEADLINE, PROGRAM, Command, environment, until
from tests.support.load import create_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., Command]


def test_a_busy_kept_connection_does_not_keep_it_from_ending(command: Start) -> None:
    server = command("--state", "state.json", "--ports", "10001-59999")
    begun, never = threading.Event(), threading.Event()
    with ThreadPoolExecutor(8) as pool:
        for n in range(8):
            pool.submit(create_until, never, server.url, str(n), begun)
        assert begun.wait(DEADLINE)
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 2


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_a_signal_that_was_ignored_stays_ignored(tmp_path: Path, name: str) -> None:
    ready = tmp_path / "url"
    arguments = ["serve", "--port", "0", "--state", ":memory:", "--ready-file", str(ready)]
    ignoring = f"trap '' {name[3:]}; exec \"$@\""
    process = subprocess.Popen(
        ["sh", "-c", ignoring, "sh", *PROGRAM, *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(ready.exists)
        process.send_signal(getattr(signal, name))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    finally:
        process.kill()
        process.wait()


def test_a_log_that_nobody_reads_any_more_does_no_harm(tmp_path: Path) -> None:
    ready = tmp_path / "url"
    reading, writing = os.pipe()
    arguments = ["serve", "--port", "0", "--state", ":memory:", "--ready-file", str(ready)]
    process = subprocess.Popen(
        [*PROGRAM, *arguments], cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=writing
    )
    os.close(writing)
    os.close(reading)
    try:
        until(ready.exists)
        ApiClient(ready.read_text().strip()).create()
        process.terminate()
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
