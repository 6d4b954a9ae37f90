"""What the README shows of the image runs from the very text: commands, compose files, CI services, Testcontainers."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.image_ground import CLIENT, README, blocks
from tests.support.redis_client import answers
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.image_ground import ImageGround

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.emulator_containers", "tests.support.image_ground"]

SECTION, ALIAS = "Docker, Compose and CI", "Compose, with the alias redistogo.com"
CI = "GitHub Actions and GitLab CI"
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
"""What stands in for the library, of which the example uses this much."""
MADE = r"INSTANCE (\d+) (\S+)/ True (\d+)"


def lines(number: int) -> str:
    """The ``docker run`` of one of the section's blocks of commands."""
    block = blocks("sh", SECTION)[number].replace("\\\n", "")
    [line] = [line for line in block.splitlines() if line.startswith("docker run")]
    return line


def test_the_first_example_works_from_the_host_in_ruby_and_python_and_from_another_container(
    place: ImageGround, program: Callable[[str, str], str]
) -> None:
    ruby = program("ruby", "ruby")
    if subprocess.run([ruby, "-e", "require 'rest-client'"], capture_output=True, timeout=60, check=False).returncode:
        skip_or_fail("ruby", "Ruby's rest-client is not installed")
    container = place.run(lines(0))
    place.client.networks.get(place.network()).connect(container)
    host = f"localhost:{place.port}"

    [script] = blocks("ruby", SECTION)
    url, listed = place.command(ruby, given=script.replace("localhost:8080", host)).splitlines()
    assert answers(url)
    assert '"id":1' in listed.replace(" ", "")

    [script] = blocks("python", SECTION)
    shown = place.command(sys.executable, given=script.replace("localhost:8080", host))
    assert shown.endswith(f"@localhost:{place.ports[1]}/ True\n")
    shown = place.ask(script.replace("localhost", place.name))
    assert shown.endswith(f"@{place.name}:{place.ports[2]}/ True\n")


def test_the_example_without_privileges_works(place: ImageGround) -> None:
    container = place.run(lines(1))

    assert answers(place.api.create()["url"])
    output: Any = container.exec_run(["cat", "/proc/self/status"]).output
    status = str(output.decode())
    assert re.search(r"^Uid:\t12345\b(.|\n)*^CapBnd:\t0+$(.|\n)*^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert container.exec_run(["touch", "/opt/file"]).exit_code != 0


def test_the_compose_file_starts_the_client_when_the_emulator_is_healthy_and_keeps_the_state(
    place: ImageGround,
) -> None:
    compose = place.compose(blocks("yaml", "Compose")[0])
    up = ("up", "--build", "--abort-on-container-exit", "--exit-code-from", "app")

    for expected in ("1", "2"):
        [(number, address, user)] = re.findall(MADE, compose(*up))
        assert (number, address) == (expected, f"rtgmock:{place.ports[int(expected) - 1]}")
        assert user == "65534"
        compose("rm", "--stop", "--force", "-v")


def test_the_compose_file_with_the_alias_leads_an_unchanged_client_to_the_emulator(place: ImageGround) -> None:
    compose = place.compose(blocks("yaml", ALIAS)[0])

    shown = compose("up", "--build", "--abort-on-container-exit", "--exit-code-from", "app")
    assert re.findall(MADE, shown) == [("1", f"redistogo.com:{place.ports[0]}", "65534")]


def test_no_other_user_can_read_more_than_the_certificate_in_the_shared_volume(place: ImageGround) -> None:
    compose = place.compose(blocks("yaml", ALIAS)[0])
    compose("build", "app")
    compose("up", "-d", "rtgmock")
    script = "cd /rtgmock; for file in $(ls -A); do test -f $file && test -r $file && echo $file; done; true"

    shown = compose("run", "--rm", "--entrypoint", "sh", "app", "-c", script)
    assert shown.split() == ["rtgmock.json.ca.pem"]


def test_githubs_service_is_healthy_and_its_url_works_on_the_runner(place: ImageGround) -> None:
    job = yaml.safe_load(blocks("yaml", CI)[0])["jobs"]["test"]
    service = job["services"]["rtgmock"]
    ports = " ".join(f"-p {port}" for port in service["ports"])
    variables = " ".join(f"-e {name}={value}" for name, value in service["env"].items())

    place.run(f"docker run -d --name rtgmock {ports} {variables} {service.get('options', '')} rtgmock")

    assert job["env"]["REDISTOGO_API_URL"] == "http://username:password@localhost:8080"
    made = place.api.create()
    assert answers(made["url"])
    assert "info_cache" in made  # the variable was heeded


def test_gitlabs_service_is_reached_by_its_alias(place: ImageGround) -> None:
    job = yaml.safe_load(blocks("yaml", CI)[1])["test"]
    [service] = job["services"]
    variables = " ".join(f"-e {name}={value}" for name, value in service["variables"].items())

    container = place.run(f"docker run -d --name rtgmock {variables} rtgmock")
    place.client.networks.get(place.network()).connect(container, aliases=[service["alias"]])

    assert f"{job['variables']['HEALTHCHECK_TCP_PORT']}/tcp" in container.attrs["Config"]["ExposedPorts"]
    url = job["variables"]["REDISTOGO_API_URL"]
    assert re.findall(MADE, place.ask(CLIENT, "-e", f"REDISTOGO_API_URL={url}"))


def test_testcontainers_in_python(place: ImageGround) -> None:
    [script] = blocks("python", "Testcontainers")
    script = script.replace('"rtgmock"', f'"{place.name}", env={{"RTGMOCK_PORTS": "{place.range}"}}')

    assert place.command(sys.executable, given=script.replace("9001", str(place.ports[0]))) == "True\n"


def test_testcontainers_in_node_is_well_formed(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    [script] = blocks("js", "Testcontainers")
    (tmp_path / "example.mjs").write_text(script)

    done = subprocess.run([program("node", "node"), "--check", "example.mjs"], cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 0


def test_testcontainers_in_java_is_well_formed(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    javac = program("java", "javac")
    [script] = blocks("java", "Testcontainers")
    (tmp_path / "Example.java").write_text(JAVA.replace("SCRIPT", script))

    done = subprocess.run(
        [javac, "-Xlint:-try", "Example.java"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_published_port_is_published_on_loopback() -> None:
    lines = [
        line
        for block in re.findall(r"^```\w*\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    published = [port for line in lines for port in re.findall(r"(?:-p|--publish)[ =]([\d.:-]+)", line)]
    listed = [port for line in lines if "ports:" in line for port in yaml.safe_load(line.strip())["ports"]]

    assert len(published) > 4
    assert len(listed) > 2
    assert [port for port in (*published, *listed) if not port.startswith("127.0.0.1:")] == []
