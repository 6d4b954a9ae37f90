"""``rtgmock ready``: what it asks, where it finds the URL, and its exit code."""

from __future__ import annotations

import http.server
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.command import DEADLINE, PROGRAM, environment
from tests.support.main import run_main
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Serve
    from tests.support.serve_process import Start


def test_ready_is_0_where_an_emulator_answers(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    asked = run_main("ready", server.url, folder=tmp_path)

    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "", "")


def test_ready_is_1_where_none_answers(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    asked = run_main("ready", url, folder=tmp_path)

    assert asked.returncode == 1
    assert asked.stderr.startswith(f"rtgmock: no emulator answers at {url}: connection refused")
    assert asked.stderr.count("\n") == 1


def test_an_account_in_the_url_is_not_shown(tmp_path: Path) -> None:
    place = f"127.0.0.1:{free_ports(1)[0]}"
    for name in ("ready", "env"):
        asked = run_main(name, folder=tmp_path, env={"RTGMOCK_URL": f"http://ann:hunter2@{place}/"})
        assert asked.stderr.startswith(f"rtgmock: no emulator answers at http://{place}")
        assert "hunter2" not in asked.stderr


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
    asked = run_main("ready", not_found, folder=tmp_path)

    assert asked.returncode == 1
    assert "it answers 404" in asked.stderr


def test_ready_gives_up_when_its_time_is_over(tmp_path: Path) -> None:
    begin = time.monotonic()
    asked = run_main("ready", "--wait", "0.5", f"http://127.0.0.1:{free_ports(1)[0]}", folder=tmp_path)

    assert asked.returncode == 1
    assert 0.5 <= time.monotonic() - begin < DEADLINE


def test_ready_waits_for_an_emulator_that_starts_later(command: Start, tmp_path: Path) -> None:
    port = free_ports(1)[0]
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
def test_ready_asks_no_proxy(serve: Serve, tmp_path: Path, proxy: str) -> None:
    server = serve()
    asked = run_main("ready", server.url, folder=tmp_path, env={proxy: f"http://127.0.0.1:{free_ports(1)[0]}"})

    assert asked.returncode == 0


def test_ready_takes_its_url_from_the_ready_file_of_the_environment(command: Start, tmp_path: Path) -> None:
    server = command("--state", ":memory:")
    told = {"RTGMOCK_READY_FILE": str(server.ready_file), "RTGMOCK_PORT": "1"}

    assert run_main("ready", folder=tmp_path, env=told).returncode == 0
    server.stop()
    assert run_main("ready", folder=tmp_path, env=told).returncode == 1


def test_ready_takes_its_url_from_the_environment(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    port = server.url.rpartition(":")[2]
    nothing = str(free_ports(1)[0])

    assert run_main("ready", folder=tmp_path, env={"RTGMOCK_URL": server.url}).returncode == 0
    assert run_main("ready", folder=tmp_path, env={"RTGMOCK_PORT": port}).returncode == 0
    assert run_main("ready", folder=tmp_path, env={"RTGMOCK_PORT": port, "RTGMOCK_HOST": "0.0.0.0"}).returncode == 0
    assert run_main("ready", folder=tmp_path, env={"RTGMOCK_PORT": nothing}).returncode == 1
    assert run_main("ready", folder=tmp_path, env={"RTGMOCK_URL": server.url, "RTGMOCK_PORT": nothing}).returncode == 0
    other = run_main("ready", f"http://127.0.0.1:{nothing}", folder=tmp_path, env={"RTGMOCK_URL": server.url})
    assert other.returncode == 1
    assert f"http://127.0.0.1:{nothing}" in other.stderr


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:port", "127.0.0.1:8080", "ftp://127.0.0.1"])
def test_ready_refuses_what_is_no_url(tmp_path: Path, url: str) -> None:
    asked = run_main("ready", url, folder=tmp_path)

    assert asked.returncode == 2
    assert "Traceback" not in asked.stderr
    assert "http://127.0.0.1:8080" in asked.stderr


def test_ready_speaks_https_where_the_url_does(serve: Serve, tmp_path: Path) -> None:
    server = serve(tls=True)
    port = server.url.rpartition(":")[2]

    assert run_main("ready", server.url, folder=tmp_path).returncode == 0
    assert run_main("ready", folder=tmp_path, env={"RTGMOCK_TLS": "1", "RTGMOCK_PORT": port}).returncode == 0
    plain = run_main("ready", folder=tmp_path, env={"RTGMOCK_TLS": "", "RTGMOCK_PORT": port})
    assert (plain.returncode, "it answers 400" in plain.stderr) == (1, True)


def test_ready_is_1_where_no_https_is_spoken(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    asked = run_main("ready", server.url.replace("http", "https"), folder=tmp_path)

    assert asked.returncode == 1
    assert "no emulator answers at https://" in asked.stderr
    assert "what listens there does not speak HTTPS" in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_ready_refuses_a_variable_that_is_neither_yes_nor_no(tmp_path: Path) -> None:
    asked = run_main("ready", folder=tmp_path, env={"RTGMOCK_TLS": "maybe"})

    assert asked.returncode == 2
    assert "'RTGMOCK_TLS': 'maybe' is neither yes nor no" in asked.stderr
