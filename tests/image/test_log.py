"""The log of a container that nobody reads keeps nothing waiting."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.command import DEADLINE
from tests.support.unread_log import COUNT, send

if TYPE_CHECKING:
    from tests.support.image_runner import ImageRunner

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.emulator_containers", "tests.support.image_runner"]


def test_a_container_answers_while_nobody_reads_its_log(runner: ImageRunner) -> None:
    # Without -d, docker passes the log on to its own standard error.
    command = ["docker", "run", "--rm", "--name", runner.name, "-p", f"127.0.0.1:{runner.port}:8080", runner.name]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline()  # the banner: it answers
            send(f"http://127.0.0.1:{runner.port}", COUNT)
            process.terminate()  # docker passes it on
            log = process.communicate(timeout=DEADLINE)[1].decode()
        finally:
            process.kill()
    assert process.returncode == 0
    assert " GET /instances/xxx" in log.splitlines()[0]
