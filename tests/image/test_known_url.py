"""The README's Compose file and workflow: an app that has a ``REDISTOGO_URL`` and nothing else is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.documents import example

if TYPE_CHECKING:
    from tests.support.image_runner import ImageRunner

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.emulator_containers", "tests.support.image_runner"]

URL = "redis://redistogo:secret@rtgmock:9001/"
COUNT = 'echo "VISIT $(redis-cli -u "$REDISTOGO_URL" incr visits)"'
"""An app that knows nothing of the emulator. Its container is made of the same image, for the redis-cli in it."""


def test_the_app_of_the_compose_file_is_answered_with_its_url_alone(runner: ImageRunner) -> None:
    text = example("yaml", "Compose")
    compose = runner.compose(text, app=f"FROM {runner.name}\nENTRYPOINT []\nCMD {COUNT}\n")
    up = ("up", "--build", "--abort-on-container-exit", "--exit-code-from", "app")

    assert yaml.safe_load(text)["services"]["app"]["environment"] == {"REDISTOGO_URL": URL}
    for visits in (1, 2):  # the second start finds the instance of the first, with its data
        assert re.findall(r"VISIT (\d+)", compose(*up)) == [str(visits)]
        compose("rm", "--stop", "--force", "app")


def test_the_job_of_the_workflow_is_answered_with_its_url_alone(runner: ImageRunner) -> None:
    """As the runner does it: a network, the service under its name, and the job's container when that is healthy."""
    job: dict[str, Any] = yaml.safe_load(example("yaml", "GitHub Actions"))["jobs"]["test"]
    [(name, service)] = job["services"].items()
    network = ("--network", runner.network(), "--network-alias", name)
    ports = [word for port in service.get("ports", ()) for word in ("-p", runner.with_own_ports(port))]
    options = service.get("options", "").split()
    runner.command(
        *("docker", "run", "-d", "--name", runner.name, *network, *ports, *options),
        *_variables(service["env"]),
        runner.name,
    )
    runner.await_health()

    assert job["env"] == {"REDISTOGO_URL": URL}
    app = ("--rm", "--network", runner.name, *_variables(job["env"]), "--entrypoint", "sh", runner.name, "-c", COUNT)
    assert runner.command("docker", "run", *app) == "VISIT 1\n"


def _variables(env: dict[str, str]) -> list[str]:
    return [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
