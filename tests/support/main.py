"""Programs called in this process, first of all ``rtgmock``: a call takes a fraction of the time of a process's start.

``tests.support.command.run`` runs ``rtgmock`` as a process.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from functools import partial
from typing import TYPE_CHECKING
from unittest import mock

from rtgmock.cli.main import main
from tests.support.command import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_STDOUT, _STDERR = 1, 2
_HANDLED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)


def run_main(*arguments: str, folder: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Call ``main`` with ``arguments`` in ``folder`` and return its exit code and what it printed."""
    return call(partial(_exit_code, arguments), folder, environment(**(env or {})))


def call(program: Callable[[], int], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Call a function as if it were a program: in ``folder``, with the environment ``env``.

    Returns its exit code and what it and its child processes printed.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        with (
            contextlib.chdir(folder),
            mock.patch.dict(os.environ, env, clear=True),
            _handlers_restored(),
            _process_restored(),
            _written_to(out.fileno(), _STDOUT, "stdout"),
            _written_to(err.fileno(), _STDERR, "stderr"),
        ):
            code = program()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess((), code, out.read(), err.read())


def refusal(folder: Path, *arguments: str, ready_file: Path | None = None) -> str:
    """Return the one line with which ``serve`` refuses to start; it leaves no ready file."""
    ready_file = ready_file or folder / "ready"
    done = run_main("serve", "--port", "0", "--ready-file", str(ready_file), *arguments, folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert not ready_file.exists()
    assert done.stderr.startswith("rtgmock: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("\n")
    return done.stderr


def _exit_code(arguments: tuple[str, ...]) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        code = end.code
    else:
        code = 0
    assert isinstance(code, int)
    return code


@contextlib.contextmanager
def _written_to(target: int, descriptor: int, name: str) -> Iterator[None]:
    """Lead a descriptor, which child processes inherit, and the stream of ``sys`` to a file."""
    kept = os.dup(descriptor)
    os.dup2(target, descriptor)
    try:
        with open(descriptor, "w", closefd=False) as stream, mock.patch.object(sys, name, stream):
            yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


@contextlib.contextmanager
def _handlers_restored() -> Iterator[None]:
    """Give the signals that the commands handle their handlers back."""
    before = {number: signal.getsignal(number) for number in _HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _process_restored() -> Iterator[None]:
    """Take back what the commands change in their process, so that pytest sees the errors of threads, and garbage."""
    root = logging.getLogger()
    handlers, level, own_level = root.handlers[:], root.level, logging.getLogger("rtgmock").level
    hooks = sys.excepthook, threading.excepthook
    try:
        yield
    finally:
        gc.unfreeze()
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger("rtgmock").setLevel(own_level)
        sys.excepthook, threading.excepthook = hooks
