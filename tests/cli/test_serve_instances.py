"""``serve --instance``: what is printed, and when the emulator is ready."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rtgmock.child_environment import of_instance
from tests.support.command import until
from tests.support.main import refusal, run_main
from tests.support.serve_process import banner_row, call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.serve_process import Start


def test_the_banner_has_the_whole_url_of_each_in_the_order_of_the_options(command: Start) -> None:
    account = ("ann", "hunter2")
    server = command(
        *("--account", ":".join(account), "--hostname", "redis.example.org"),
        *("--instance", "nano", "--instance", "mini:secret@9044"),
    )

    urls = [call("GET", f"{server.url}/instances/{number}.json", auth=account).json()["url"] for number in (2, 1)]
    assert re.findall(r"^  instance (.*)$", server.out, re.MULTILINE) == [
        of_instance(url)["REDISTOGO_URL"] for url in urls
    ]
    assert urls[1].endswith(":secret@redis.example.org:9044/")
    assert banner_row(server, "state").endswith("(2 instances)")
    assert "hunter2" not in server.out


def test_a_restart_prints_the_same_url(command: Start) -> None:
    first = command("--instance", "nano")
    row = banner_row(first, "instance")
    first.stop()

    second = command("--instance", "nano")
    assert (banner_row(second, "instance"), banner_row(second, "state").split()[-2]) == (row, "(1")


def test_nothing_is_ready_before_the_instance_is_there(command: Start, tmp_path: Path) -> None:
    """A Redis that starts when the test lets it: the banner, the ready file and health wait for it."""
    slow = tmp_path / "slow-redis"
    slow.write_text(
        "#!/bin/sh\n"
        'test "$1" = --version && { echo "Redis server v=7.0.0 sha=0:0 malloc=libc bits=64 build=0"; exit; }\n'
        f"touch {tmp_path}/asked\n"
        f"while ! test -e {tmp_path}/go; do sleep 0.01; done\n"
        "echo '1:M # no luck today'\n"
    )
    slow.chmod(0o755)
    options = ("--redis", "process", "--redis-server", str(slow), "--state", ":memory:", "--instance", "nano")
    server = command(*options, env={"TMPDIR": str(tmp_path)}, wait=False)

    assert until((tmp_path / "asked").exists)
    assert not server.out
    assert not server.ready_file.exists()
    asked = run_main("ready", folder=tmp_path, env={"RTGMOCK_READY_FILE": str(server.ready_file), "RTGMOCK_PORT": "1"})
    assert asked.returncode == 1
    (tmp_path / "go").touch()

    assert server.wait() == 1
    assert re.fullmatch(
        r"rtgmock: the instance nano \(--instance\) is not available: .*no luck today\n",
        server.err.splitlines(True)[-1],
    )


def test_what_contradicts_the_state_is_refused_in_one_line(command: Start, tmp_path: Path) -> None:
    command("--instance", "nano:secret@9044", "--state", "state.json").stop()

    said = refusal(tmp_path, "--instance", "nano:hunter2@9044", "--state", "state.json")

    assert "--instance nano@9044 contradicts the state: on the port 9044 is instance 1 with another password" in said
    assert "hunter2" not in said
    assert "secret" not in said
