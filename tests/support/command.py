"""``rtgmock`` as a process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

T = TypeVar("T")

DEADLINE = 20.0
PROGRAM = (sys.executable, "-m", "rtgmock")


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment with ``variables`` added, without variables that set options or a proxy.

    No Redis servers are run by default; with RTGMOCK_REDIS empty, what users have as a default.

    PYTHONDONTWRITEBYTECODE is left out as well: with it, each command would compile the whole package again, which
    takes twice as long as its start.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("RTGMOCK_") or name.lower().endswith("_proxy") or name == "PYTHONDONTWRITEBYTECODE")
    }
    return inherited | {"RTGMOCK_REDIS": "off"} | variables


def reset_signals(ignored: Collection[signal.Signals] = ()) -> None:
    """Give the signals that end a program their default action, or ignore them; to be called in a new process.

    A child process inherits which signals are ignored. Under nohup that is SIGHUP, and in the background of a script
    SIGINT and SIGQUIT: a test that sends one of them would wait for an end that does not come.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)


def _before_exec(open_files: int | None) -> None:
    reset_signals()
    if open_files is not None:
        allow_open_files(open_files)


def allow_open_files(count: int) -> None:
    """Set how many files this process may have open, as ``ulimit -n`` does; fewer where the system allows no more."""
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource  # noqa: PLC0415

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def run(*arguments: str, folder: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``rtgmock`` with ``arguments`` in ``folder`` until it ends."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def until(condition: Callable[[], T]) -> T:
    """Call ``condition`` until it returns something true or DEADLINE has passed, and return its last result."""
    deadline = time.monotonic() + DEADLINE
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.005)  # a poll: what ends it is the condition
    return result


class Command:
    """A running ``rtgmock serve`` in ``folder``, killed at the end of its context.

    The constructor starts it and, unless ``wait`` is false, waits for its ready file. The port and the ready file are
    passed as options, or with ``by_environment`` as variables. ``open_files`` is what ``ulimit -n`` would set.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        env: dict[str, str] | None = None,
        wait: bool = True,
        by_environment: bool = False,
        ready_file: Path | None = None,
        open_files: int | None = None,
    ) -> None:
        name = f"ready-{time.monotonic_ns()}"
        self.ready_file = ready_file or folder / name
        self._out = (folder / f"{name}.out").open("w+")
        self._err = (folder / f"{name}.err").open("w+")
        options = () if by_environment else ("--port", "0", "--ready-file", str(self.ready_file))
        variables = {"RTGMOCK_PORT": "0", "RTGMOCK_READY_FILE": str(self.ready_file)} if by_environment else {}
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", *options, *arguments],
            cwd=folder,
            env=environment(**variables, **(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            preexec_fn=partial(_before_exec, open_files),  # noqa: PLW1509 - the tests start processes from one thread only
        )
        self.url = self._await_url() if wait else ""

    def _await_url(self) -> str:
        # The file appears once requests are answered, and tells which port --port 0 has taken.
        until(lambda: self.ready_file.exists() or self.process.poll() is not None)
        if not self.ready_file.exists():
            self.close()
            raise AssertionError(f"the command did not get ready: {self.err}")
        return self.ready_file.read_text().strip()

    @property
    def out(self) -> str:
        return self._read(self._out.name)

    @property
    def err(self) -> str:
        return self._read(self._err.name)

    def err_lines(self, count: int) -> list[str]:
        """The lines on the standard error once there are ``count``: the log is written a few milliseconds late."""
        until(lambda: self.err.count("\n") >= count)
        return self.err.splitlines()

    @staticmethod
    def _read(name: str) -> str:
        with open(name) as file:  # noqa: PTH123
            return file.read()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._out.close()
        self._err.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
