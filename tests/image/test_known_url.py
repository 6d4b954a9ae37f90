"""The README's Compose file and workflow: an app that has a ``REDISTOGO_URL`` and nothing else is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.documents import example
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve
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


def test_the_aliases_that_hosts_prints_lead_the_app_to_its_instance(
    runner: ImageRunner, serve: Serve, tmp_path: Path
) -> None:
    """As with pkgcloud, which makes a host of the server's name. The seed makes that known beforehand."""
    settings = {"RTGMOCK_RANDOM_SEED": "7", "RTGMOCK_INSTANCE": "nano:secret@9001"}
    printed = run_main("hosts", "--compose", "--url", serve(random_seed=7, instances="nano").url, folder=tmp_path)
    aliases = yaml.safe_load(printed.stdout)
    host = aliases["networks"]["default"]["aliases"][-1]
    document: dict[str, Any] = yaml.safe_load(example("yaml", "Compose"))
    document["services"]["rtgmock"] |= {"environment": settings, **aliases}
    document["services"]["app"]["environment"]["REDISTOGO_URL"] = f"redis://nodejitsu:secret@{host}:9001/"
    compose = runner.compose(yaml.safe_dump(document), app=f"FROM {runner.name}\nENTRYPOINT []\nCMD {COUNT}\n")

    shown = compose("up", "--build", "--abort-on-container-exit", "--exit-code-from", "app")
    assert re.fullmatch(r"[a-z]+\.redistogo\.com", host)
    assert re.findall(r"VISIT (\d+)", shown) == ["1"]


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


def test_another_container_is_told_by_env_and_hosts_what_leads_to_the_emulator(runner: ImageRunner) -> None:
    network = ("--network", runner.network(), "--network-alias", "rtgmock")
    variables = _variables({"RTGMOCK_INSTANCE": "nano:secret@9001", "RTGMOCK_ACCOUNT": "ann:a1"})
    runner.command("docker", "run", "-d", "--name", runner.name, *network, *variables, runner.name)
    runner.await_health()
    script = 'eval "$(rtgmock env --url http://ann:a1@rtgmock:8080)"; env | grep ^RED; rtgmock hosts'
    app = ("--rm", "--network", runner.name, "-e", "RTGMOCK_URL=http://ann:a1@rtgmock:8080", "--entrypoint", "sh")

    shown = runner.command("docker", "run", *app, runner.name, "-c", script).splitlines()

    assert f"REDISTOGO_URL={URL}" in shown
    assert "REDISTOGO_API_URL=http://ann:a1@rtgmock:8080" in shown
    assert re.fullmatch(r"(\d+\.){3}\d+ redistogo\.com", shown[-3])
    with pytest.raises(LookupError, match="does not let the account username in with this password"):
        runner.command("docker", "run", *app, runner.name, "-c", "rtgmock hosts --url http://rtgmock:8080")
