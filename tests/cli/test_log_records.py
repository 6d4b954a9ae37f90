"""``--log-format json``: everything that is logged on the standard error is one JSON object a line, tracebacks too."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api_client import ApiClient
from tests.support.command import DEADLINE, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.command import Command

BROKEN = """
import sys
import threading
import warnings

from rtgmock.cli.main import main
from rtgmock.service.provisioner import Provisioner


def break_down(*_):
    warnings.warn("this is odd")
    threading.Thread(target=lambda: 1 / 0, name="helper").start()
    raise RuntimeError("two\\nlines")


Provisioner.list = break_down
main()
"""
"""Runs rtgmock with a defect: every request for the API raises an exception, in a second thread as well."""
REQUEST = """
import os, urllib.error, urllib.request
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        urllib.request.Request(os.environ["RTGMOCK_URL"] + "/instances.json", headers={
            "Authorization": "Basic dXNlcm5hbWU6cGFzc3dvcmQ="}))
except urllib.error.HTTPError as error:
    error.close()
"""


def run_script(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program to its end."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def run_broken(folder: Path, *arguments: str) -> str:
    """Return what a broken emulator writes to the standard error while a client sends one request."""
    done = run_script(folder, BROKEN, "exec", "--verbose", *arguments, "--", sys.executable, "-c", REQUEST)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_unexpected_errors_are_json_as_well(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        json.loads(line) for line in run_broken(tmp_path, "--log-format", "json").splitlines()
    ]

    by_message = {entry.get("message", "").partition(":")[0]: entry for entry in entries}
    failed = by_message["GET /instances.json failed"]
    assert failed.keys() == {"time", "level", "logger", "message", "traceback"}
    assert (failed["level"], failed["logger"]) == ("error", "rtgmock")
    assert failed["traceback"].startswith("Traceback (most recent call last):\n")
    assert failed["traceback"].endswith("RuntimeError: two\nlines")
    assert by_message["the thread helper failed"]["traceback"].endswith("ZeroDivisionError: division by zero")
    assert [entry["logger"] for entry in entries if "this is odd" in entry.get("message", "")] == ["py.warnings"]
    assert [entry["status"] for entry in entries if "status" in entry] == [500]


def test_unexpected_errors_are_plain_text_by_default(tmp_path: Path) -> None:
    printed = run_broken(tmp_path)

    assert "\nTraceback (most recent call last):\n" in printed
    assert "{" not in printed.splitlines()[0]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_error_that_ends_the_program_is_in_the_format_of_the_log(tmp_path: Path, log_format: str) -> None:
    script = BROKEN.replace("main()", "import rtgmock.cli.serve as serve\nserve.banner = break_down\nmain()")
    done = run_script(tmp_path, script, "serve", "--port", "0", "--state", ":memory:", "--log-format", log_format)

    assert done.returncode == 1
    if log_format == "text":
        assert "\nRuntimeError: two\nlines\n" in done.stderr
    else:
        assert "RuntimeError: two\nlines" in [json.loads(line)["message"] for line in done.stderr.splitlines()]


def test_every_line_is_json(command: Callable[..., Command]) -> None:
    server = command("--state", ":memory:", "--log-format", "json")
    ApiClient(server.url).create()
    server.stop()
    for line in server.err.splitlines():
        json.loads(line)
