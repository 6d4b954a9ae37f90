"""On a machine that has Python and nothing else, the README's first commands lead to a Redis that answers."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.documents import ROOT, blocks
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container

pytest_plugins = ["tests.support.redis_fixtures"]

SERVE = blocks("sh", "Quick start")[0].strip()
EXEC = blocks("sh", "")[0].strip()
CLIENT = "tests/image/empty_machine_client.py"
PINS = (".pins/image.txt", ".pins/build.txt", ".pins/redis.txt")
"""What pip installs there: only packages with these hashes, as in CI."""
WHEELS = "/wheels"


@pytest.fixture
def machine(docker_client: docker.DockerClient) -> Iterator[Container]:
    """A container of a Python image, with a checkout in ``/rtgmock`` and a folder of packages.

    Its network is the host's, to fetch these packages first. So a time that is measured later is without the network's.
    """
    container = docker_client.containers.run(
        "python:3.13-slim", ["sleep", "600"], working_dir="/rtgmock", network_mode="host", init=True, detach=True
    )
    try:
        container.put_archive("/", checkout())
        for pins in PINS:
            sh(container, f"python3 -m pip download --quiet --require-hashes --dest {WHEELS} -r {pins}")
        yield container
    finally:
        container.remove(force=True, v=True)


def checkout() -> bytes:
    """Return the files of the repository as a tar archive, below ``rtgmock``."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in filter(None, listed.stdout.split("\0")):
            archive.add(ROOT / name, f"rtgmock/{name}")
    return packed.getvalue()


def sh(machine: Container, script: str, **environment: str) -> str:
    """Run a script in the machine and return what it prints. Fails with that when it does."""
    result: Any = machine.exec_run(["sh", "-ec", script], environment=environment)
    assert result.exit_code == 0, result.output.decode()
    return str(result.output.decode())


def test_from_a_checkout_to_a_redis_that_answers(machine: Container) -> None:
    api, *instances = free_ports(4)
    environment = {
        "RTGMOCK_PORT": str(api),
        "RTGMOCK_PORTS": f"{instances[0]}-{instances[-1]}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": WHEELS,
    }
    assert "none" in sh(machine, "command -v redis-server valkey-server docker || echo none")

    for name, command in {"checkout": SERVE, "serve": ".venv/bin/rtgmock serve"}.items():
        run = json.loads(sh(machine, f"python3 {CLIENT} {api} {shlex.quote(command)}", **environment))

        assert run["reply"] == "+OK +PONG", run
        assert f":{instances[0]}/" in run["url"] or name == "serve"
        print(f"from {name} to PONG: {run['seconds']} s")  # shown by pytest -s

    printed = sh(machine, f"{EXEC}", **environment)
    assert printed == "True\n"
