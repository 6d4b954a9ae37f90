"""How applications read ``REDISTOGO_URL``: the idioms of public code, each as a script in its language.

A script prints ``PONG``, which its client got, or the host, the port and the password that it has read from the URL.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from tests.support import npm
from tests.support.exec_process import command_environment
from tests.support.requirements import skip_or_fail
from tests.support.scripts import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = [
    path for path in sorted((Path(__file__).parent / "idioms").iterdir()) if path.suffix and path.stem != "__init__"
]
INTERPRETERS = {
    ".go": ("go", "run"),
    ".java": ("java",),
    ".js": ("node",),
    ".php": ("php",),
    ".pl": ("perl",),
    ".py": (sys.executable,),
    ".rb": ("ruby",),
    ".sh": ("sh",),
}
PACKAGES = {"ioredis_url.js", "node_redis_url.js"}
"""Scripts that need packages of npm."""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a command under ``rtgmock exec --plan nano``, the same for all scripts."""
    for name in ("redis-server", "redis-cli"):
        if not shutil.which(name):
            skip_or_fail("redis", f"{name} is not installed")
    with command_environment(tmp_path_factory.mktemp("idioms"), "--plan", "nano", "--redis", "process") as found:
        yield found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_idiom_reads_a_url_that_works(
    script: Path,
    variables: dict[str, str],
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    interpreter, *options = INTERPRETERS[script.suffix]
    if not shutil.which(interpreter):
        skip_or_fail(interpreter, f"{interpreter} is not installed")
    if script.name in PACKAGES:
        variables = variables | {"NODE_PATH": str(npm.modules("redis", pytestconfig, tmp_path_factory))}

    done = subprocess.run(
        [interpreter, *options, script], env=variables, capture_output=True, text=True, timeout=60, check=False
    )

    if done.returncode == MISSING:
        skip_or_fail(interpreter, "a library is not installed")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "PONG\n" or answers(*done.stdout.split()), done.stdout


def answers(host: str, port: str, password: str) -> bool:
    """Return whether a Redis answers there to a client that sends the password alone."""
    with redis.Redis(host, int(port), password=password) as client:
        return bool(client.ping())
