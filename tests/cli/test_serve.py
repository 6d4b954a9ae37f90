"""The command, as a process: banner, options, variables, signals, errors, logs, and ``ready``."""

from __future__ import annotations

import base64
import http.server
import importlib.metadata
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

import rtgmock
from rtgmock.cli.main import main
from rtgmock.paths import HEALTH_PATH
from rtgmock.settings.config import SETTINGS
from rtgmock.storage.tables import FORMAT
from tests.support import raw
from tests.support.command import DEADLINE, PROGRAM, Command, environment, refusal, run, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., Command]

AUTH = ("username", "password")
OPTIONS = {setting.option: setting for setting in SETTINGS.values()}


def create(url: str, auth: tuple[str, str] = AUTH, **attributes: Any) -> dict[str, Any]:
    answer = call("POST", f"{url}/instances.json", auth=auth, json={"plan": "nano", **attributes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def call(method: str, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=DEADLINE, **{"auth": AUTH, **options})


def row(server: Command, name: str) -> str:
    """What the banner says under a name."""
    match = re.search(rf"^  {re.escape(name)} +(.*)$", server.out, re.MULTILINE)
    assert match, server.out
    return match[1]


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def is_here(host: str) -> bool:
    """Whether this machine can listen on an address."""
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        return False
    return True


def test_the_banner_names_what_there_is(command: Start, tmp_path: Path) -> None:
    state = tmp_path / "fishes.json"
    server = command("--state", str(state), "--account", "ann:a1", "--account", "bob:b2")

    assert server.out.startswith(f"rtgmock {rtgmock.__version__}\n")
    assert row(server, "API") == f"{server.url}/instances"
    assert row(server, "account") == "ann, bob"
    assert row(server, "state") == f"{state} (0 instances)"
    assert row(server, "Redis").startswith("off")
    assert row(server, "health") == f"{server.url}{HEALTH_PATH}"
    assert call("GET", row(server, "health"), auth=None).json()["status"] == "ok"


def test_the_banner_counts_the_instances_in_the_state_file(command: Start, tmp_path: Path) -> None:
    first = command("--state", "state.json")
    for _ in range(2):
        create(first.url)
    first.stop()

    assert row(command("--state", "state.json"), "state") == f"{tmp_path / 'state.json'} (2 instances)"


def test_the_banner_says_when_nothing_is_kept(command: Start) -> None:
    assert row(command("--state", ":memory:"), "state").startswith("in memory only")


def test_requests_are_answered_as_soon_as_the_banner_is_printed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0", "--state", ":memory:"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        url = next(line.split()[1] for line in lines if line.startswith("  API "))
        assert call("GET", url).status_code == 200
    finally:
        process.kill()
        rest, _ = process.communicate()
    assert "  API " not in rest


@pytest.mark.parametrize("tls", [(), ("--tls",)], ids=["http", "https"])
@pytest.mark.parametrize("account", ["username:password", "o'neil:a b$HOME\"`;&|:#\\!*?"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost", "::1"])
def test_the_curl_line_in_the_banner_works_when_pasted(
    command: Start, program: Callable[[str, str], str], tmp_path: Path, *, account: str, host: str, tls: tuple[str, ...]
) -> None:
    program("curl", "curl")
    if not is_here(host):
        pytest.skip(f"this machine has no {host}")
    server = command("--state", "a state.json", "--host", host, "--account", account, *tls)
    pasted = subprocess.run(
        ["sh", "-c", row(server, "try it")],
        cwd=tmp_path,
        env=environment(HOME=str(tmp_path)),
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )

    assert json.loads(pasted.stdout)["plan"] == "nano"


def test_the_ready_file_holds_the_url_until_the_end(command: Start) -> None:
    server = command("--state", ":memory:")

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", server.ready_file.read_text())
    assert call("GET", f"{server.url}/instances").status_code == 200
    server.stop()
    assert not server.ready_file.exists()


def test_a_stale_ready_file_is_replaced(command: Start, tmp_path: Path) -> None:
    ready_file = tmp_path / "url"
    ready_file.write_text("http://127.0.0.1:1\n" + "x" * 1000)
    server = command("--state", ":memory:", ready_file=ready_file, wait=False)
    url = until(lambda: server.out and row(server, "API"))

    assert url == f"{ready_file.read_text().strip()}/instances"
    assert call("GET", url).status_code == 200


def test_nothing_but_the_url_is_ever_in_the_ready_file_and_nothing_is_left_beside_it(
    command: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    server = command("--state", ":memory:", ready_file=folder / "url")

    assert [entry.name for entry in folder.iterdir()] == ["url"]
    server.stop()
    assert list(folder.iterdir()) == []


def test_port_0_takes_a_port_that_is_free(command: Start) -> None:
    urls = {command("--state", ":memory:").url for _ in range(2)}

    assert len(urls) == 2
    assert not any(url.endswith((":0", ":8080")) for url in urls)


def test_a_port_that_is_asked_for_is_taken(command: Start) -> None:
    port = a_free_port()

    assert command("--state", ":memory:", "--port", str(port)).url == f"http://127.0.0.1:{port}"


def test_the_state_is_rtgmock_json_in_the_working_folder_unless_said_otherwise(command: Start, tmp_path: Path) -> None:
    create(command().url)

    assert "instances" in json.loads((tmp_path / "rtgmock.json").read_bytes())


def test_memory_leaves_no_file(command: Start, tmp_path: Path) -> None:
    server = command("--state", ":memory:")
    create(server.url)
    server.stop()

    assert [entry.name for entry in tmp_path.iterdir() if not entry.name.startswith("ready-")] == []


def test_the_state_survives_a_restart(command: Start) -> None:
    first = command("--state", "state.json")
    made = [create(first.url, label=label) for label in ("one", "two")]
    call("DELETE", f"{first.url}/instances/1")
    assert first.stop() == 0
    second = command("--state", "state.json")

    assert call("GET", f"{second.url}/instances/1").status_code == 404
    assert call("GET", f"{second.url}/instances/2.json").json() == {**made[1], "status": "running"}
    assert create(second.url)["id"] == 3


def test_every_option_may_come_as_a_variable(command: Start, tmp_path: Path) -> None:
    variables = {
        "RTGMOCK_HOST": "localhost",
        "RTGMOCK_STATE": "by-variable.json",
        "RTGMOCK_ACCOUNT": "ann:a1 bob:b:2",
        "RTGMOCK_API": "2012",
        "RTGMOCK_REDIS": "off",
        "RTGMOCK_REDIS_SERVER": "redis-server",
        "RTGMOCK_REDIS_IMAGE": "redis:7-alpine",
        "RTGMOCK_PORTS": "9101-9102",
        "RTGMOCK_HOSTNAME": "{server}.example.com",
        "RTGMOCK_SERVER_MEMORY": "10MB",
        "RTGMOCK_BOOT_DELAY": "2reads",
        "RTGMOCK_RANDOM_SEED": "7",
        "RTGMOCK_FIXTURE": "fixture.json",
        "RTGMOCK_TLS": "no",
        "RTGMOCK_LOG_FORMAT": "json",
        "RTGMOCK_ALLOW_HOST": "one.example two.example",
    }
    (tmp_path / "fixture.json").write_text("{}")
    by_command = {"RTGMOCK_PORT", "RTGMOCK_READY_FILE"}
    assert {setting.variable for setting in OPTIONS.values()} == variables.keys() | by_command
    server = command(env=variables, by_environment=True)

    assert re.fullmatch(r"http://localhost:\d+", server.url)
    made = [create(server.url, ("ann", "a1")), create(server.url, ("bob", "b:2"))]
    assert [record["port"] for record in made] == [9101, 9102]
    assert made[0]["maxmemory_policy"] == "volatile-lru"
    assert re.fullmatch(r"[a-z]+\.example\.com", made[0]["hostname"])
    full = call("POST", f"{server.url}/instances.json", auth=("ann", "a1"), json={"plan": "small"})
    assert "restart with a larger --server-memory" in full.text
    reads = [call("GET", f"{server.url}/instances/1.json", auth=("ann", "a1")).json()["status"] for _ in range(2)]
    assert reads == ["starting", "running"]
    for host in ("one.example", "two.example"):
        assert call("GET", f"{server.url}/instances", auth=("ann", "a1"), headers={"Host": host}).status_code == 200
    assert json.loads(server.err.splitlines()[0])["path"] == "/instances.json"
    assert (tmp_path / "by-variable.json").exists()
    seeded = command(
        "--state", ":memory:", "--random-seed", "7", "--hostname", "{server}.example.com", "--account", "ann:a1"
    )
    assert create(seeded.url, ("ann", "a1"))["password"] == made[0]["password"]


def test_an_option_counts_for_more_than_its_variable(command: Start) -> None:
    server = command("--state", ":memory:", "--account", "ann:a1", env={"RTGMOCK_ACCOUNT": "bob:b2"})

    assert row(server, "account") == "ann"
    assert call("GET", f"{server.url}/instances", auth=("bob", "b2")).status_code == 401


def test_an_empty_variable_is_as_good_as_none(command: Start, tmp_path: Path) -> None:
    variables = {setting.variable: "" for setting in OPTIONS.values()}
    server = command("--state", ":memory:", env=variables)

    assert row(server, "account") == "username"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_it_at_once_with_exit_code_0(command: Start, name: str) -> None:
    server = command("--state", "state.json")
    with requests.Session() as idle:
        idle.trust_env = False
        assert idle.get(f"{server.url}/instances", auth=AUTH, timeout=DEADLINE).status_code == 200
        begin = time.monotonic()
        server.signal(getattr(signal, name))
        assert server.wait() == 0
        assert time.monotonic() - begin < 2

    assert "Traceback" not in server.err


def test_a_half_sent_request_does_not_keep_it_from_ending(command: Start) -> None:
    server = command("--state", ":memory:")
    with raw.connect(server.url) as half:
        half.sendall(b"POST /instances.json HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 2


WRONG = [
    ("--host", "a b", "neither a host name nor an IP address"),
    ("--port", "eighty", "write a number from 0 to 65535"),
    ("--port", "65536", "write a number from 0 to 65535"),
    ("--port", "-1", "write a number from 0 to 65535"),
    ("--state", "", "write a path, or :memory: to keep nothing"),
    ("--account", "username", "written as NAME:PASSWORD"),
    ("--account", ":hunter2", "written as NAME:PASSWORD"),
    ("--account", "username:", "written as NAME:PASSWORD"),
    ("--account", "user\nname:hunter2", r"the account 'user\nname' has a"),
    ("--api", "2011", "accepted are 2010 and 2012"),
    ("--redis", "valkey", "'valkey' is not an engine; accepted are off, "),
    ("--redis-server", "", "'' is not a name"),
    ("--redis-image", " ", "' ' is not a name"),
    ("--ports", "9999-9001", "write the first and the last port, as 9001-9999"),
    ("--ports", "0-9001", "write the first and the last port, as 9001-9999"),
    ("--ports", "9001-65536", "write the first and the last port, as 9001-9999"),
    ("--ports", "many", "write the first and the last port, as 9001-9999"),
    ("--hostname", "a/b", "neither a host name nor an IP address"),
    ("--server-memory", "lots", "write it as 64GB, 500MB or a number of bytes"),
    ("--server-memory", "0", "write it as 64GB, 500MB or a number of bytes"),
    ("--boot-delay", "soon", "write seconds, as 2.5, or reads, as 3reads"),
    ("--boot-delay", "-1", "write seconds, as 2.5, or reads, as 3reads"),
    ("--random-seed", "1.5", "not a whole number"),
    ("--fixture", "states/", "is not the name of a file"),
    ("--log-format", "xml", "accepted are text and json"),
    ("--allow-host", "a/b", "neither a host name nor an IP address"),
]


def test_every_option_that_can_be_wrong_is_tried() -> None:
    assert {option for option, _, _ in WRONG} == OPTIONS.keys() - {"--ready-file", "--tls"}


@pytest.mark.parametrize(("option", "value", "accepted"), WRONG)
def test_a_wrong_value_is_refused_with_what_is_accepted(tmp_path: Path, option: str, value: str, accepted: str) -> None:
    refused = run("serve", option, value, folder=tmp_path)

    assert refused.returncode == 2
    assert refused.stdout == ""
    message = " ".join(refused.stderr.split())
    assert f"Invalid value for '{option}'" in message
    assert accepted in message
    assert "Traceback" not in message
    assert "hunter2" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [("RTGMOCK_PORTS", "many", "as 9001-9999"), ("RTGMOCK_TLS", "maybe", "accepted are 1, true, yes, on, 0, false")],
)
def test_a_wrong_variable_is_refused_like_its_option(tmp_path: Path, variable: str, value: str, accepted: str) -> None:
    refused = run("serve", folder=tmp_path, env={variable: value})

    assert refused.returncode == 2
    assert accepted in " ".join(refused.stderr.split())


def test_an_account_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    refused = run("serve", "--account", "ann:hunter2", "--account", "ann:hunter3", folder=tmp_path)

    assert refused.returncode == 2
    assert "the account 'ann' is given twice; give each name once" in refused.stderr
    assert "hunter" not in refused.stderr


@pytest.mark.parametrize(
    "arguments", [["serve", "--prot", "1"], ["serve", "extra"], ["sevre"], ["ready", "--wait", "x"]]
)
def test_a_wrong_command_line_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    refused = run(*arguments, folder=tmp_path)

    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_refused_with_who_has_it(command: Start) -> None:
    first = command("--state", ":memory:")
    port = first.url.rpartition(":")[2]
    said = refusal(command, "--state", ":memory:", "--port", port)

    assert f"the port {port} on 127.0.0.1 is taken" in said
    assert "--port 0 finds a free one" in said
    if sys.platform == "linux":
        assert f"(process {first.process.pid})" in said


def test_a_port_that_is_taken_leaves_the_state_file_free(command: Start, tmp_path: Path) -> None:
    port = command("--state", ":memory:").url.rpartition(":")[2]
    refusal(command, "--state", "state.json", "--port", port)

    assert row(command("--state", "state.json"), "state").endswith("(0 instances)")


def test_a_host_that_is_not_known_is_refused(command: Start) -> None:
    said = refusal(command, "--state", ":memory:", "--host", "no-such-host.invalid")

    assert "the host no-such-host.invalid is not known here" in said
    assert "--host" in said


def test_an_address_of_another_machine_is_refused(command: Start) -> None:
    said = refusal(command, "--state", ":memory:", "--host", "192.0.2.1")

    assert "the address 192.0.2.1 is not one of this machine" in said
    assert "--host" in said


def test_a_state_file_in_use_is_refused_with_its_name_and_its_process(command: Start, tmp_path: Path) -> None:
    first = command("--state", "state.json")
    said = refusal(command, "--state", "state.json")

    assert f"the state file {tmp_path / 'state.json'} is in use by another emulator" in said
    assert f"process {first.process.pid}" in said
    assert "--state FILE" in said
    create(first.url)
    first.kill()
    assert row(command("--state", "state.json"), "state").endswith("(1 instance)")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("not JSON at all", "is not JSON (line 1, column 1)"),
        ('{"rtgmock": {"1": {"format": 1', "is not JSON"),
        ("[1, 2]", "is not a TinyDB file"),
        ('{"_default": {"1": {"name": "ray"}}}', "it was not written by rtgmock"),
        (
            json.dumps({"rtgmock": {"1": {"format": FORMAT + 1}}}),
            f"in version {FORMAT + 1} of its format; this one knows {FORMAT}",
        ),
    ],
)
def test_a_state_file_that_cannot_be_used_is_refused_and_left_as_it_is(
    command: Start, tmp_path: Path, content: str, problem: str
) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    said = refusal(command, "--state", str(state))

    assert str(state) in said
    assert problem in said
    assert "--state FILE" in said
    assert state.read_text() == content


def test_a_state_file_in_a_missing_folder_is_refused_with_the_command_that_makes_it(
    command: Start, tmp_path: Path
) -> None:
    said = refusal(command, "--state", "not/there/state.json")

    assert f"mkdir -p {tmp_path / 'not' / 'there'}" in said
    assert not (tmp_path / "not").exists()


def test_a_ready_file_in_a_missing_folder_is_refused(command: Start, tmp_path: Path) -> None:
    said = refusal(command, "--state", ":memory:", ready_file=tmp_path / "not" / "there")

    assert f"the ready file {tmp_path / 'not' / 'there'} cannot be written" in said


def test_ready_is_0_where_an_emulator_answers(command: Start, tmp_path: Path) -> None:
    server = command("--state", ":memory:")
    asked = run("ready", server.url, folder=tmp_path)

    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "", "")


def test_ready_is_1_where_none_answers(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{a_free_port()}"
    asked = run("ready", url, folder=tmp_path)

    assert asked.returncode == 1
    assert asked.stderr.startswith(f"rtgmock: no emulator answers at {url}: connection refused")
    assert asked.stderr.count("\n") == 1


@pytest.fixture
def not_found() -> Iterator[str]:
    """The URL of a server that answers 404 to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_ready_is_1_where_something_else_answers(not_found: str, tmp_path: Path) -> None:
    asked = run("ready", not_found, folder=tmp_path)

    assert asked.returncode == 1
    assert "it answers 404" in asked.stderr


def test_ready_gives_up_when_its_time_is_over(tmp_path: Path) -> None:
    begin = time.monotonic()
    asked = run("ready", "--wait", "0.5", f"http://127.0.0.1:{a_free_port()}", folder=tmp_path)

    assert asked.returncode == 1
    assert 0.5 <= time.monotonic() - begin < DEADLINE


def test_ready_waits_for_an_emulator_that_starts_later(command: Start, tmp_path: Path) -> None:
    port = a_free_port()
    waiting = subprocess.Popen(
        [*PROGRAM, "ready", "--wait", str(DEADLINE), f"http://127.0.0.1:{port}"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert waiting.poll() is None
        command("--state", ":memory:", "--port", str(port))
        _, said = waiting.communicate(timeout=DEADLINE)
    finally:
        waiting.kill()
        waiting.wait()

    assert (waiting.returncode, said) == (0, "")


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_ready_asks_no_proxy(command: Start, tmp_path: Path, proxy: str) -> None:
    server = command("--state", ":memory:")
    asked = run("ready", server.url, folder=tmp_path, env={proxy: f"http://127.0.0.1:{a_free_port()}"})

    assert asked.returncode == 0


def test_ready_takes_its_url_from_the_ready_file_of_the_environment(command: Start, tmp_path: Path) -> None:
    server = command("--state", ":memory:")
    told = {"RTGMOCK_READY_FILE": str(server.ready_file), "RTGMOCK_PORT": "1"}

    assert run("ready", folder=tmp_path, env=told).returncode == 0
    server.stop()
    assert run("ready", folder=tmp_path, env=told).returncode == 1


def test_ready_takes_its_url_from_the_environment(command: Start, tmp_path: Path) -> None:
    server = command("--state", ":memory:")
    port = server.url.rpartition(":")[2]
    nothing = str(a_free_port())

    assert run("ready", folder=tmp_path, env={"RTGMOCK_URL": server.url}).returncode == 0
    assert run("ready", folder=tmp_path, env={"RTGMOCK_PORT": port}).returncode == 0
    assert run("ready", folder=tmp_path, env={"RTGMOCK_PORT": port, "RTGMOCK_HOST": "0.0.0.0"}).returncode == 0
    assert run("ready", folder=tmp_path, env={"RTGMOCK_PORT": nothing}).returncode == 1
    assert run("ready", folder=tmp_path, env={"RTGMOCK_URL": server.url, "RTGMOCK_PORT": nothing}).returncode == 0
    other = run("ready", f"http://127.0.0.1:{nothing}", folder=tmp_path, env={"RTGMOCK_URL": server.url})
    assert other.returncode == 1
    assert f"http://127.0.0.1:{nothing}" in other.stderr


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:port", "127.0.0.1:8080", "ftp://127.0.0.1"])
def test_ready_refuses_what_is_no_url(tmp_path: Path, url: str) -> None:
    asked = run("ready", url, folder=tmp_path)

    assert asked.returncode == 2
    assert "Traceback" not in asked.stderr
    assert "http://127.0.0.1:8080" in asked.stderr


@pytest.mark.parametrize("value", ["1", "yes", "TRUE"])
def test_a_variable_turns_tls_on(command: Start, value: str) -> None:
    server = command("--state", "state.json", env={"RTGMOCK_TLS": value})

    assert server.url.startswith("https://")
    assert row(server, "API") == f"{server.url}/instances"
    assert call("GET", row(server, "API"), verify=row(server, "CA")).json() == []


def test_ready_speaks_https_where_the_url_does(command: Start, tmp_path: Path) -> None:
    server = command("--state", "state.json", "--tls")
    port = server.url.rpartition(":")[2]

    assert run("ready", server.url, folder=tmp_path).returncode == 0
    assert run("ready", folder=tmp_path, env={"RTGMOCK_TLS": "1", "RTGMOCK_PORT": port}).returncode == 0
    plain = run("ready", folder=tmp_path, env={"RTGMOCK_TLS": "", "RTGMOCK_PORT": port})
    assert (plain.returncode, "it answers 400" in plain.stderr) == (1, True)


def test_ready_is_1_where_no_https_is_spoken(command: Start, tmp_path: Path) -> None:
    server = command("--state", ":memory:")
    asked = run("ready", server.url.replace("http", "https"), folder=tmp_path)

    assert asked.returncode == 1
    assert "no emulator answers at https://" in asked.stderr
    assert "what listens there does not speak HTTPS" in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_ready_refuses_a_variable_that_is_neither_yes_nor_no(tmp_path: Path) -> None:
    asked = run("ready", folder=tmp_path, env={"RTGMOCK_TLS": "maybe"})

    assert asked.returncode == 2
    assert "RTGMOCK_TLS: 'maybe' is neither yes nor no" in asked.stderr


@pytest.mark.parametrize("by", ["option", "variable"])
def test_ca_prints_the_path_alone_and_how_to_use_it_beside_it(command: Start, tmp_path: Path, by: str) -> None:
    options, env = (("--state", "a b.json"), {}) if by == "option" else ((), {"RTGMOCK_STATE": "a b.json"})
    asked = run("ca", *options, folder=tmp_path, env=env)
    path = tmp_path / "a b.json.ca.pem"

    assert (asked.returncode, asked.stdout) == (0, f"{path}\n")
    assert asked.stderr.splitlines() == [
        f"export {name}='{path}'"
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    ]
    made = path.read_bytes()
    server = command("--state", "a b.json", "--tls")
    assert row(server, "CA") == str(path)
    assert path.read_bytes() == made
    assert call("GET", f"{server.url}/instances", verify=str(path)).status_code == 200


def test_ca_has_nothing_to_print_where_nothing_is_kept(tmp_path: Path) -> None:
    asked = run("ca", "--state", ":memory:", folder=tmp_path)

    assert (asked.returncode, asked.stdout) == (2, "")
    assert "its banner names the certificate" in asked.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_log_as_text_has_one_line_for_each_request(command: Start) -> None:
    server = command("--state", ":memory:")
    create(server.url)
    call("GET", f"{server.url}/instances/7.xml")
    call("GET", f"{server.url}/instances", auth=("username", "wrong"))
    call("PUT", f"{server.url}/instances/1.json", json={"lable": "mongrel"})

    time_of_day = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    patterns = [
        r"POST /instances\.json 201 [\d.]+ ms username",
        r"GET /instances/7\.xml 404 [\d.]+ ms username",
        r"GET /instances 401 [\d.]+ ms -",
        r"PUT /instances/1\.json 422 [\d.]+ ms username hint: .*did you mean label\?",
    ]
    lines = server.err.splitlines()
    assert len(lines) == len(patterns)
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(f"{time_of_day} {pattern}", line)


def test_the_log_as_json_has_one_object_for_each_request(command: Start) -> None:
    server = command("--state", ":memory:", "--log-format", "json")
    create(server.url)
    call("GET", f'{server.url}/instances/%22%0A%7B.json?a="b', auth=None)
    call("PUT", f"{server.url}/instances/1.json", json={"label": "mongrel", "port": 1})
    raw.send(server.url, b"GET / HTTP/1.1\r\nnonsense\r\n\r\n")

    entries = [json.loads(line) for line in server.err.splitlines()]
    assert [(entry["method"], entry["status"]) for entry in entries] == [
        ("POST", 201),
        ("GET", 401),
        ("PUT", 200),
        ("GET", 400),
    ]
    assert entries[0].keys() == {"time", "method", "path", "status", "ms", "account"}
    assert entries[0]["path"] == "/instances.json"
    assert entries[0]["account"] == "username"
    assert isinstance(entries[0]["ms"], float)
    assert "account" not in entries[1]
    assert entries[2]["ignored"] == "port"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_password_is_ever_printed_but_in_the_curl_line(command: Start, log_format: str) -> None:
    secret = "s3cret-"
    account = f"username:{secret}account"
    server = command("--state", "state.json", "--log-format", log_format, "--account", account)
    authorization = base64.b64encode(account.encode()).decode()
    wrong = base64.b64encode(f"username:{secret}wrong".encode()).decode()
    form, as_json, as_xml = "application/x-www-form-urlencoded", "application/json", "application/xml"
    requests_made = [
        ("POST", "/instances.json", as_json, f'{{"plan": "nano", "password": "{secret}json"}}'),
        ("POST", "/instances.json", as_json, f'{{"instance": {{"plan": "nano", "password": "{secret}json"}}}}'),
        ("POST", "/instances.json", as_json, f'{{"plan": "nano", "password": "{secret}\\u0001"}}'),
        ("POST", "/instances.json", as_json, f'{{"plan": "nano", "password": "{secret}broken}}'),
        ("POST", "/instances.xml", as_xml, f"<instance><plan>nano</plan><password>{secret}x</password></instance>"),
        ("POST", "/instances.xml", as_xml, f"<instance><plan>nano</plan><password>{secret}x</passwort></instance>"),
        ("POST", "/instances", form, f"plan=nano&password={secret}form"),
        ("POST", "/instances", form, f"instance[plan]=nano&instance[password]={secret}form"),
        ("POST", "/instances", form, f"instance%5Bplan%5D=nano&instance%5Bmaster%5Fpassword%5D={secret}form"),
        ("POST", "/instances", form, f"plan=nope&password={secret}form"),
        ("POST", f"/instances?plan=nano&password={secret}query", form, ""),
        ("POST", f"/instances?plan=nano&instance[password]={secret}query", form, ""),
        ("POST", f"/instances?plan=nano&instance%5Bpassword%5D={secret}query", form, ""),
        ("PUT", f"/instances/1.xml?p%61ssword={secret}query", form, ""),
        ("PUT", f"/instances/1.xml?instance[master_password]={secret}query", form, ""),
        ("PUT", f"/instances/1.xml?PASSWORD={secret}query", form, ""),
        ("PUT", f"/instances/999.xml?password={secret}query", form, ""),
        ("PUT", f"/instances/1.nope?password={secret}query", form, ""),
        ("PATCH", f"/instances/1?password={secret}query", form, ""),
        ("PUT", "/instances/1.json", as_json, f'{{"url": "redis://username:{secret}url@127.0.0.1:9001/"}}'),
        ("GET", f"/nowhere?url=redis%3A%2F%2Fusername%3A{secret}url%40127.0.0.1", form, ""),
        ("GET", "/instances.json", form, ""),
    ]
    for method, path, media_type, body in requests_made:
        for credentials in (authorization, wrong):
            fields = f"Host: localhost\nAuthorization: Basic {credentials}\nContent-Type: {media_type}"
            raw.send(server.url, raw.head(f"{method} {path} HTTP/1.1\n{fields}", body.encode()))
    raw.send(server.url, raw.head(f"GET http://username:{secret}account@localhost/instances HTTP/1.1\nHost: localhost"))
    given = call("GET", f"{server.url}/instances.json", auth=tuple(account.split(":"))).json()
    passwords = {item["instance"]["password"] for item in given}
    assert len(passwords) == 5
    assert server.stop() == 0

    assert len(server.err.splitlines()) == 2 * len(requests_made) + (3 if log_format == "text" else 2)
    printed = server.err + server.out.replace(row(server, "try it"), "")
    assert secret not in printed
    assert not any(password in printed for password in passwords | {authorization, wrong})
    assert f"-u {account} " in row(server, "try it")


def test_the_help_of_serve_has_every_option_and_every_variable(tmp_path: Path) -> None:
    asked = run("serve", "--help", folder=tmp_path)

    assert asked.returncode == 0
    words = " ".join(asked.stdout.split())
    for setting in OPTIONS.values():
        assert f"{setting.usage} {setting.help}" in words
        assert f"[env: {setting.variable}; default: {setting.shown_default}]" in words


def test_the_help_of_ready_has_its_option_and_its_variables(tmp_path: Path) -> None:
    asked = run("ready", "--help", folder=tmp_path)

    assert asked.returncode == 0
    for word in ("--wait SECONDS", "URL", "RTGMOCK_URL", "RTGMOCK_HOST", "RTGMOCK_PORT"):
        assert word in asked.stdout


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_the_program_has_its_commands(tmp_path: Path, option: str) -> None:
    asked = run(option, folder=tmp_path)

    assert asked.returncode == 0
    assert {"serve", "ready"} <= set(asked.stdout.split())


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    asked = run("--version", folder=tmp_path)

    assert (asked.returncode, asked.stdout) == (0, f"rtgmock {rtgmock.__version__}\n")
    assert importlib.metadata.version("rtgmock") == rtgmock.__version__


def test_the_script_is_the_same_program_as_the_module() -> None:
    script = importlib.metadata.entry_points(group="console_scripts", name="rtgmock")["rtgmock"]

    assert script.load() is main
