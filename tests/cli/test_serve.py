"""``rtgmock serve`` as a process: its banner, its port, its state file and its end."""

from __future__ import annotations

import gc
import json
import shlex
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

import rtgmock
from rtgmock.cli.output import banner
from rtgmock.paths import HEALTH_PATH
from rtgmock.settings.parsers import parse_account
from tests.support import raw
from tests.support.command import DEADLINE, PROGRAM, environment
from tests.support.main import refusal, run_main
from tests.support.ports import free_ports
from tests.support.serve_process import AUTH, banner_row, call, create

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve
    from tests.support.serve_process import Start

HARD_ACCOUNT = "o'neil:a b$HOME\"`;&|:#\\!*?"
"""An account with characters that a shell reads in a special way."""


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
    assert banner_row(server, "API") == f"{server.url}/instances"
    assert banner_row(server, "account") == "ann, bob"
    assert banner_row(server, "state") == f"{state} (0 instances)"
    assert banner_row(server, "Redis").startswith("off")
    assert banner_row(server, "health") == f"{server.url}{HEALTH_PATH}"
    assert call("GET", banner_row(server, "health"), auth=None).json()["status"] == "ok"


def test_the_banner_counts_the_instances_in_the_state_file(command: Start, tmp_path: Path) -> None:
    first = command("--state", "state.json")
    for _ in range(2):
        create(first.url)
    first.stop()

    assert banner_row(command("--state", "state.json"), "state") == f"{tmp_path / 'state.json'} (2 instances)"


def test_the_banner_says_when_nothing_is_kept(command: Start) -> None:
    assert banner_row(command("--state", ":memory:"), "state").startswith("in memory only")


def test_what_must_be_encoded_in_urls_is_warned_of(command: Start) -> None:
    [port] = free_ports(1)
    accounts = ("--account", "a@b:se/cret", "--account", "plain:se/cret")

    server = command(
        *accounts, "--instance", f"nano:pass/word@{port}", "--instance", "nano:pass-word", "--state", ":memory:"
    )

    warned = [
        line.partition(" is percent-encoded in URLs, and not all clients decode it; ") for line in server.err_lines(2)
    ]
    assert [what for what, _, _ in warned] == ["the account a@b", f"the password of the instance nano@{port}"]
    assert {advice for _, _, advice in warned} == {"letters, digits and -._~ stay as they are"}


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


def paste(line: str, folder: Path) -> dict[str, Any]:
    """Run a curl line in a shell, and return the instance that is the answer."""
    pasted = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environment(HOME=str(folder)),
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    made: dict[str, Any] = json.loads(pasted.stdout)
    return made


def test_the_curl_line_that_is_printed_works_when_pasted(
    command: Start, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    program("curl", "curl")
    server = command("--state", "a state.json", "--tls")

    assert paste(banner_row(server, "try it"), tmp_path)["plan"] == "nano"


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("account", ["username:password", HARD_ACCOUNT])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost", "::1"])
def test_the_curl_line_of_any_banner_works_when_pasted(
    serve: Serve, program: Callable[[str, str], str], tmp_path: Path, *, account: str, host: str, tls: bool
) -> None:
    program("curl", "curl")
    if not is_here(host):
        pytest.skip(f"this machine has no {host}")
    served = serve(state=tmp_path / "a state.json", host=host, accounts=(parse_account(account),), tls=tls)
    line = banner(served.emulator).partition("  try it   ")[2]
    if account == HARD_ACCOUNT:  # curl would ask for the password
        name = shlex.quote(account.partition(":")[0])
        assert f" -u {name} " in line
        line = line.replace(f" -u {name} ", f" -u {shlex.quote(account)} ")

    assert paste(line, tmp_path)["plan"] == "nano"


def test_port_0_takes_a_port_that_is_free(command: Start) -> None:
    urls = {command("--state", ":memory:").url for _ in range(2)}

    assert len(urls) == 2
    assert not any(url.endswith((":0", ":8080")) for url in urls)


def test_a_port_that_is_asked_for_is_taken(command: Start) -> None:
    port = free_ports(1)[0]

    assert command("--state", ":memory:", "--port", str(port)).url == f"http://127.0.0.1:{port}"


def test_the_state_is_in_a_folder_in_the_working_folder_unless_said_otherwise(command: Start, tmp_path: Path) -> None:
    server = command()
    create(server.url)
    server.stop()

    assert "instances" in json.loads((tmp_path / ".rtgmock" / "state.json").read_bytes())


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


class _StopAtOnce:
    """What ``serve`` waits for, which notes whether garbage is searched for meanwhile, and among how much not."""

    def __init__(self) -> None:
        self.found = [gc.isenabled()]

    def wait(self, _seconds: float) -> bool:
        self.found.append(gc.isenabled())
        self.frozen = gc.get_freeze_count()
        return True


def test_garbage_is_searched_for_while_it_serves_and_not_in_what_it_has_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = _StopAtOnce()
    monkeypatch.setattr("rtgmock.cli.serve.stop_on_signals", lambda: stop)
    assert run_main("serve", "--port", "0", folder=tmp_path).returncode == 0
    stop.found.append(gc.isenabled())

    assert stop.found == [True] * 3
    assert stop.frozen > 10_000


def test_garbage_is_searched_for_after_a_refused_start(tmp_path: Path) -> None:
    (tmp_path / ".rtgmock").mkdir()
    (tmp_path / ".rtgmock" / "state.json").write_text("not JSON")
    refusal(tmp_path)

    assert gc.isenabled()


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
