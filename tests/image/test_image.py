"""The image: its contents, its user and privileges, and what survives when its containers stop or are killed."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

import rtgmock
from tests.support.command import until
from tests.support.redis_client import answers, ask

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

    from tests.support.image_runner import ImageRunner

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.emulator_containers", "tests.support.image_runner"]

ROOT = Path(__file__).parents[2]
CONTENTS = """
import importlib.metadata, json, pathlib
below = pathlib.Path("/")
leftover = ["src", "wheels", "root/.cache", "data/*", "tmp/*", "var/lib/apt/lists/*", "var/cache/apt/*", "opt/*/*.toml"]
site = next(pathlib.Path("/opt/rtgmock/lib").glob("python*/site-packages"))
print(json.dumps({
    "left": [str(found) for pattern in leftover for found in below.glob(pattern)],
    "versions": {one.name.lower(): one.version for one in importlib.metadata.distributions(path=[str(site)])},
    "uncompiled": [str(one) for one in site.glob("rtgmock/**/*.py") if not [*one.parent.glob(f"*/{one.stem}.*.pyc")]],
}))
"""
ZOMBIES = """
import pathlib, subprocess, time
subprocess.run(["sh", "-c", "sleep 0.1 & echo $! > /tmp/orphan"])
orphan = pathlib.Path("/proc", pathlib.Path("/tmp/orphan").read_text().strip())
deadline = time.monotonic() + 10
while orphan.exists() and time.monotonic() < deadline:
    time.sleep(0.01)
print("reaped" if not orphan.exists() else (orphan / "status").read_text())
"""


def output_of(container: Container, *command: str) -> str:
    """Run a command in a container and return its output."""
    output: Any = container.exec_run(list(command)).output
    return str(output.decode())


def test_its_labels_and_defaults(docker_client: docker.DockerClient, image: str) -> None:
    config = docker_client.images.get(image).attrs["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}

    assert labels["title"] == "rtgmock"
    assert labels["version"] == rtgmock.__version__
    assert labels["licenses"] == "MIT"
    assert {"revision", "created", "description"} <= set(labels)
    assert (config["User"], config["StopSignal"], list(config["Volumes"])) == ("rtgmock", "SIGTERM", ["/data"])
    assert set(config["ExposedPorts"]) == {f"{port}/tcp" for port in (8080, *range(9001, 9011))}
    assert "RTGMOCK_REDIS=process" in config["Env"]
    assert not [
        variable for variable in config["Env"] if re.search("password|token|secret|account", variable, re.IGNORECASE)
    ]


def test_it_contains_nothing_that_only_the_build_needs(runner: ImageRunner) -> None:
    command = ("docker", "run", "--rm", "-i", "--user", "0", "--entrypoint", "python", runner.name, "-")
    found = json.loads(runner.command(*command, stdin=CONTENTS))
    versions = found["versions"]

    assert found["left"] == found["uncompiled"] == []
    assert versions.pop("rtgmock") == rtgmock.__version__
    assert not {"pip", "setuptools", "paramiko", "pytest"} & set(versions)
    pinned = re.findall(r"^([\w-]+)==([^ \n]+)", (ROOT / ".pins" / "image.txt").read_text(), re.MULTILINE)
    assert versions.items() <= dict(pinned).items()


def test_nothing_in_the_dockerfile_ties_it_to_one_architecture() -> None:
    assert not re.search("amd64|x86|arm64|aarch64|--platform", (ROOT / "Dockerfile").read_text())


@pytest.mark.parametrize(
    "arguments", ["serve --port 7000", "serve --tls --port 443", "serve --ready-file /tmp/ready --state :memory:"]
)
def test_it_is_healthy_with_any_port_protocol_and_ready_file(runner: ImageRunner, arguments: str) -> None:
    container = runner.start(arguments)

    assert container.exec_run(["rtgmock", "ready"]).exit_code == 0
    assert container.attrs["State"]["Health"]["FailingStreak"] == 0


def test_it_is_not_healthy_when_nothing_is_served(runner: ImageRunner) -> None:
    with pytest.raises(LookupError, match="rtgmock: "):
        runner.start("serve --state /proc/rtgmock.json")


def test_orphaned_processes_are_reaped(runner: ImageRunner) -> None:
    container = runner.start()

    assert output_of(container, "python", "-c", ZOMBIES) == "reaped\n"


def test_a_stop_saves_every_redis_and_a_start_brings_them_back(runner: ImageRunner) -> None:
    container = runner.start()
    made = [runner.api.create(plan=plan) for plan in ("nano", "mini", "small", "medium", "large")]
    assert all(ask(one["url"], "SET", "key", one["label"]) for one in made)

    container.stop()

    assert container.wait()["StatusCode"] == 0
    container.start()
    runner.await_health()
    assert [ask(one["url"], "GET", "key") for one in made] == [one["label"] for one in made]


def test_instances_created_before_a_kill_are_complete_after_it(runner: ImageRunner) -> None:
    container = runner.start()
    answered = [runner.api.create(plan="mini")]

    def create_until_killed() -> None:
        while len(answered) < 10:
            try:
                answered.append(runner.api.create())
            except (requests.RequestException, LookupError):
                return

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(create_until_killed)
        until(lambda: len(answered) > 2)
        container.kill("KILL")

    container.start()
    runner.await_health()
    listed = [one["instance"] for one in runner.api.call("GET", "/instances.json").json()]
    assert {one["id"] for one in answered} <= {one["id"] for one in listed}
    shown = [runner.api.instance(one["id"]) for one in listed]
    assert until(lambda: all(answers(one["url"]) for one in shown))
    folders = output_of(container, "ls", "/data/rtgmock.json.redis").split()
    assert {int(folder) for folder in folders} == {one["id"] for one in listed}


def test_it_runs_as_any_user_on_a_new_volume(runner: ImageRunner) -> None:
    container = runner.start("serve --tls --port 443", options="--user 12345:12345 --cap-drop ALL --read-only")

    listing = output_of(container, "ls", "-ln", "/data")
    assert re.search(r"^-rw-r--r-- 1 12345 12345 .*rtgmock\.json\.ca\.pem$", listing, re.MULTILINE)
    assert re.search(r"^-rw------- 1 12345 12345 .*rtgmock\.json\.ca\.key$", listing, re.MULTILINE)
