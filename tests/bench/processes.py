"""Servers as processes: held to a core, started, asked for their memory, and ended with all their children."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

import psutil

from tests.bench.http import BenchError, Request, send
from tests.support.command import environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_TIMEOUT = 60.0
CPU_STEP = 0.01
"""The seconds in which the system counts how much CPU a process has had."""
_STOP_TIMEOUT = 15.0


def on_cores(cores: str) -> list[str]:
    """Return the prefix of a command that holds it to some cores, as ``0``; empty ones are all cores."""
    return ["taskset", "-c", cores] if cores and shutil.which("taskset") else []


class Process:
    """A running server, whose output goes to a file in ``folder``. It is ended at the end of its context."""

    def __init__(self, command: Sequence[str], folder: Path, cores: str = "") -> None:
        self._log = folder / "output.log"
        self._started = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*on_cores(cores), *command],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_answer(self, port: int, request: Request) -> float:
        """Wait for the first answer, of any status, and return the seconds since the start. Raises BenchError."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchError(f"it ended with code {self._process.returncode}: {self._last_output()}")
            try:
                if send(port, request).status:
                    return time.perf_counter() - self._started
            except OSError:
                time.sleep(0.002)  # a poll: what ends it is the answer
        raise BenchError(f"it did not answer within {START_TIMEOUT:g} s: {self._last_output()}")

    def memory(self) -> float:
        """Return the resident memory of the process and its children in MB."""
        return sum(one.memory_info().rss for one in self._all()) / 2**20

    def cpu_seconds(self) -> float:
        """Return the seconds of CPU that the process and its children have had."""
        return sum(sum(one.cpu_times()[:2]) for one in self._all())

    def _all(self) -> list[psutil.Process]:
        process = psutil.Process(self._process.pid)
        return [process, *process.children(recursive=True)]

    def _last_output(self) -> str:
        return self._log.read_text(errors="replace")[-500:].strip()

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(self._process.pid, number)  # the second time for children that are left
                self._process.wait(_STOP_TIMEOUT)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class BusyCores:
    """Keeps cores busy with ``count`` processes that do nothing else, until the end of its context."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-c", "while True: pass"]
        self._processes = [subprocess.Popen(command) for _ in range(self._count)]
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
