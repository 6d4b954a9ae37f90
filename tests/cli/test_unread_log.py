"""A log that nobody reads keeps nothing waiting: no answer, no command of ``exec``, and no end."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.command import DEADLINE, PROGRAM, environment, reset_signals, until
from tests.support.unread_log import COUNT, FEW, send

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SEND = """
import os
from tests.support.unread_log import FEW, send
send(os.environ["RTGMOCK_URL"], FEW)
print("answered")
"""
BREAK = """
import rtgmock.cli.serve as serve
from rtgmock.cli.main import main
from tests.support.unread_log import FEW, send

def break_down(emulator):
    send(emulator.url, FEW)
    raise RuntimeError

serve.banner = break_down
main()
"""
"""Runs ``rtgmock serve`` with a defect that ends it after many requests."""


@contextlib.contextmanager
def unread(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command whose standard error is a pipe that nobody reads."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=reset_signals,  # noqa: PLW1509 - the tests start processes from one thread only
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _read(process: subprocess.Popen[bytes], last: str) -> str:
    """Read the standard error up to a text."""
    assert process.stderr
    received = b""
    while last.encode() not in received:
        assert select.select([process.stderr], [], [], DEADLINE)[0], received[-1000:]
        received += os.read(process.stderr.fileno(), 2**16)
    return received.decode()


def test_serve_answers_says_what_is_missing_and_ends(tmp_path: Path) -> None:
    ready = tmp_path / "url"
    options = ("--port", "0", "--state", ":memory:", "--ready-file", str(ready))
    with unread(tmp_path, *PROGRAM, "serve", *options) as process:
        assert until(ready.exists)
        send(ready.read_text().strip(), COUNT)
        written, _, notice = _read(process, "lines of the log were dropped").rpartition("rtgmock: ")
        # There may be more lines: a request that took long on a busy machine has a warning.
        assert written.count("\n") + int(notice.split()[0]) >= COUNT

        send(ready.read_text().strip(), FEW)
        process.terminate()
        assert process.wait(DEADLINE) == 0


def test_exec_runs_its_command_and_ends(tmp_path: Path) -> None:
    with unread(tmp_path, *PROGRAM, "exec", "--verbose", "--", sys.executable, "-c", SEND) as process:
        assert process.stdout
        assert process.stdout.read() == b"answered\n"
        assert process.wait(DEADLINE) == 0


def test_an_error_ends_it(tmp_path: Path) -> None:
    options = ("--port", "0", "--state", ":memory:", "--log-format", "json")  # it is logged as JSON, too
    with unread(tmp_path, sys.executable, "-c", BREAK, "serve", *options) as process:
        assert process.wait(DEADLINE) == 1
