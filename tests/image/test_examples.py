"""The README's examples of the image work as written: commands, Compose files, CI services, Testcontainers."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.documents import DOCUMENTS, blocks, document, example, section
from tests.support.image_runner import CLIENT
from tests.support.redis_client import answers
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.image_runner import ImageRunner

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.emulator_containers", "tests.support.image_runner"]

CONTAINERS = document("CONTAINERS.md")
ALIAS = example("yaml", "Compose, with the alias redistogo.com", CONTAINERS)
JAVA = """
import java.util.List;
class Example {
    static class GenericContainer<SELF extends GenericContainer<SELF>> implements AutoCloseable {
        GenericContainer(String image) {}
        SELF withExposedPorts(Integer... ports) { return null; }
        SELF waitingFor(Object strategy) { return null; }
        void setPortBindings(List<String> bindings) {}
        void start() {}
        String getHost() { return ""; }
        Integer getMappedPort(int port) { return port; }
        public void close() {}
    }
    static class Wait { static Object forHealthcheck() { return null; } }
    public static void main(String[] arguments) {
        SCRIPT
    }
}
"""
"""The part of Testcontainers' interface that the example uses, so that it compiles without the library."""
CREATED = r"INSTANCE (\d+) (\S+)/ True (\d+)"


def docker_run(text: str) -> str:
    """Return the ``docker run`` command in a shell block."""
    [line] = [line for line in text.replace("\\\n", "").splitlines() if line.startswith("docker run")]
    return line


def test_the_first_example_works_from_the_host_in_ruby_and_python_and_from_another_container(
    runner: ImageRunner, program: Callable[[str, str], str]
) -> None:
    ruby = program("ruby", "ruby")
    if subprocess.run([ruby, "-e", "require 'rest-client'"], capture_output=True, timeout=60, check=False).returncode:
        skip_or_fail("ruby", "Ruby's rest-client is not installed")
    [url] = re.findall(r"`(redis://redistogo:\S+)`", section(""))
    port = str(runner.ports[0])
    container = runner.run(docker_run(blocks("sh", "")[1]).replace("secret@9001", f"secret@{port}"))
    assert answers(url.replace("9001", port))
    runner.client.networks.get(runner.network()).connect(container)
    host = f"localhost:{runner.port}"

    script = example("ruby", "Clients on the host", CONTAINERS)
    url, listed = runner.command(ruby, stdin=script.replace("localhost:8080", host)).splitlines()
    assert answers(url)
    assert '"id":1' in listed.replace(" ", "")

    script = example("python", "Clients on the host", CONTAINERS)
    shown = runner.command(sys.executable, stdin=script.replace("localhost:8080", host))
    assert shown.endswith(f"@localhost:{runner.ports[2]}/ True\n")
    shown = runner.ask(script.replace("localhost", runner.name))
    assert shown.endswith(f"@{runner.name}:{runner.ports[3]}/ True\n")


def test_the_example_without_privileges_works(runner: ImageRunner) -> None:
    container = runner.run(docker_run(blocks("sh", "Without privileges, for other architectures", CONTAINERS)[0]))

    assert answers(runner.api.create()["url"])
    output: Any = container.exec_run(["cat", "/proc/self/status"]).output
    status = str(output.decode())
    assert re.search(r"^Uid:\t12345\b(.|\n)*^CapBnd:\t0+$(.|\n)*^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert container.exec_run(["touch", "/opt/file"]).exit_code != 0


def test_the_compose_file_starts_the_client_when_the_emulator_is_healthy_and_keeps_the_state(
    runner: ImageRunner,
) -> None:
    compose = runner.compose(blocks("yaml", "Apps that call the API", CONTAINERS)[0])
    up = ("up", "--build", "--abort-on-container-exit", "--exit-code-from", "app")

    for expected in ("1", "2"):
        [(number, address, user)] = re.findall(CREATED, compose(*up))
        assert (number, address) == (expected, f"rtgmock:{runner.ports[int(expected) - 1]}")
        assert user == "65534"
        compose("rm", "--stop", "--force", "-v")


def test_the_compose_file_with_the_alias_leads_an_unchanged_client_to_the_emulator(runner: ImageRunner) -> None:
    compose = runner.compose(ALIAS)

    shown = compose("up", "--build", "--abort-on-container-exit", "--exit-code-from", "app")
    assert re.findall(CREATED, shown) == [("1", f"redistogo.com:{runner.ports[0]}", "65534")]


def test_no_other_user_can_read_more_than_the_certificate_in_the_shared_volume(runner: ImageRunner) -> None:
    compose = runner.compose(ALIAS)
    compose("build", "app")
    compose("up", "-d", "rtgmock")
    script = "cd /rtgmock; for file in $(ls -A); do test -f $file && test -r $file && echo $file; done; true"

    shown = compose("run", "--rm", "--entrypoint", "sh", "app", "-c", script)
    assert shown.split() == ["rtgmock.json.ca.pem"]


def test_githubs_service_is_healthy_and_its_url_works_on_the_runner(runner: ImageRunner) -> None:
    job = yaml.safe_load(blocks("yaml", "Apps that call the API", CONTAINERS)[1])["jobs"]["test"]
    service = job["services"]["rtgmock"]
    ports = " ".join(f"-p {port}" for port in service["ports"])
    variables = " ".join(f"-e {name}={value}" for name, value in service["env"].items())

    runner.run(f"docker run -d --name rtgmock {ports} {variables} {service.get('options', '')} rtgmock")

    assert job["env"]["REDISTOGO_API_URL"] == "http://username:password@localhost:8080"
    made = runner.api.create()
    assert answers(made["url"])
    assert "info_cache" in made  # an attribute that only RTGMOCK_API=2012 has


def test_gitlabs_service_is_reached_by_its_alias(runner: ImageRunner) -> None:
    job = yaml.safe_load(example("yaml", "GitLab CI", CONTAINERS))["test"]
    [service] = job["services"]
    variables = " ".join(f"-e {name}={value}" for name, value in service["variables"].items())

    container = runner.run(f"docker run -d --name rtgmock {variables} rtgmock")
    runner.client.networks.get(runner.network()).connect(container, aliases=[service["alias"]])

    assert f"{job['variables']['HEALTHCHECK_TCP_PORT']}/tcp" in container.attrs["Config"]["ExposedPorts"]
    url = job["variables"]["REDISTOGO_API_URL"]
    assert re.findall(CREATED, runner.ask(CLIENT, "-e", f"REDISTOGO_API_URL={url}"))


def test_testcontainers_in_python(runner: ImageRunner) -> None:
    script = example("python", "Testcontainers", CONTAINERS)
    script = script.replace('"rtgmock"', f'"{runner.name}", env={{"RTGMOCK_PORTS": "{runner.range}"}}')

    assert runner.command(sys.executable, stdin=script.replace("9001", str(runner.ports[0]))) == "True\n"


def test_testcontainers_in_node_is_well_formed(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    script = example("js", "Testcontainers", CONTAINERS)
    (tmp_path / "example.mjs").write_text(script)

    done = subprocess.run([program("node", "node"), "--check", "example.mjs"], cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 0


def test_testcontainers_in_java_is_well_formed(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    javac = program("java", "javac")
    script = example("java", "Testcontainers", CONTAINERS)
    (tmp_path / "Example.java").write_text(JAVA.replace("SCRIPT", script))

    done = subprocess.run(
        [javac, "-Xlint:-try", "Example.java"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_published_port_is_published_on_loopback() -> None:
    lines = [
        line
        for text in DOCUMENTS.values()
        for block in re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    published = [port for line in lines for port in re.findall(r"(?:-p|--publish)[ =]([\d.:-]+)", line)]
    listed = [port for line in lines if "ports:" in line for port in yaml.safe_load(line.strip())["ports"]]

    assert len(published) > 4
    assert len(listed) > 2
    assert [port for port in (*published, *listed) if not port.startswith("127.0.0.1:")] == []
