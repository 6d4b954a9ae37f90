"""``rtgmock exec`` as a process with pipes to its command, and programs for it to run."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from tests.support.command import DEADLINE, PROGRAM, environment, reset_signals

if TYPE_CHECKING:
    import signal
    from collections.abc import Collection, Iterator
    from pathlib import Path

CLIENT = """
import json, os, urllib.request
login = urllib.request.HTTPPasswordMgrWithDefaultRealm()
login.add_password(None, os.environ["RTGMOCK_URL"], os.environ["REDISTOGO_USERNAME"], os.environ["REDISTOGO_PASSWORD"])
client = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPBasicAuthHandler(login))
def call(path, data=None):
    return json.load(client.open(os.environ["RTGMOCK_URL"] + path, data))
"""
"""The beginning of a Python program: ``call`` sends a request to the emulator that the environment names."""
PRINT_SIGNALS = """
import os, signal, sys, threading
numbers = {getattr(signal, name) for name in sys.argv[1:]}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
def end():
    sys.stdin.readline()
    os._exit(0)
threading.Thread(target=end).start()
print("ready", flush=True)
while True:
    os.write(1, f"got {signal.sigwait(numbers).name}\\n".encode())
"""
"""A program that prints ``ready`` and each signal whose name is an argument, until it reads a line."""


@contextlib.contextmanager
def exec_process(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, ignored: Collection[signal.Signals] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Run ``rtgmock exec`` in a session that no terminal belongs to, and kill it at the end.

    The signals ``ignored`` are ignored when it starts, as those that nohup ignores; all others have their default.
    """
    with subprocess.Popen(
        [*PROGRAM, "exec", *arguments],
        cwd=folder,
        env=environment(**(env or {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(reset_signals, ignored),  # noqa: PLW1509 - the tests start processes from one thread only
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # else leaving the outer context would wait without a deadline


def next_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that the command prints; fail when it does not come within the deadline.

    It reads byte by byte, so that a later ``communicate`` still finds everything after the line.
    """
    assert process.stdout is not None
    descriptor, deadline, line = process.stdout.fileno(), time.monotonic() + DEADLINE, b""
    while not line.endswith(b"\n"):
        if not select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"the command printed no line within {DEADLINE} seconds, only {line!r}")
        if not (byte := os.read(descriptor, 1)):
            break
        line += byte
    return line.decode().strip()


_SHOW_ENVIRONMENT = """
import json, os, sys
print(json.dumps(dict(os.environ)), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def command_environment(folder: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Give the environment of a command under ``rtgmock exec``, which ends with the context."""
    command = ("--", sys.executable, "-c", _SHOW_ENVIRONMENT)
    with exec_process(folder, *options, *command, env=env) as process:
        line = next_line(process)
        assert line, process.communicate()[1]
        yield json.loads(line)
        assert process.communicate(timeout=DEADLINE) == ("", "")
        assert process.returncode == 0
