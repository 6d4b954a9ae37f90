"""Each supported major version of Redis and Valkey follows its instance's settings and keeps the data.

RTGMOCK_TEST_REDIS_SERVERS names the programs, as PATH would, and RTGMOCK_TEST_REDIS_IMAGES images, with commas.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import redis

from tests.support.command import until
from tests.support.redis_client import answers, ask, config, connection, run_id
from tests.support.redis_settings import all_at_once, connect, fill, wrong_after_updates
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators
    from tests.support.small_disk import SmallDisk

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.small_disk"]


PROGRAMS = list(filter(None, os.environ.get("RTGMOCK_TEST_REDIS_SERVERS", "").split(os.pathsep)))


IMAGES = list(filter(None, os.environ.get("RTGMOCK_TEST_REDIS_IMAGES", "").split(",")))


PROMISED = {"Redis 6", "Redis 7", "Redis 8", "Valkey 8", "Valkey 9"}


class Server(NamedTuple):
    engine: str
    name: str

    def __str__(self) -> str:
        return self.name if self.engine == "docker" else "/".join(Path(self.name).parts[-2:])

    @property
    def settings(self) -> dict[str, str]:
        return {"redis_image": self.name} if self.engine == "docker" else {"redis_server": self.name}


PROCESSES = [Server("process", name) for name in PROGRAMS] or [Server("process", "")]


CONTAINERS = [Server("docker", name) for name in IMAGES]


each_process = pytest.mark.parametrize("server", PROCESSES, ids=str, indirect=True)


only_process = pytest.mark.parametrize("server", [Server("process", "each")], ids=str)


@pytest.fixture(params=PROCESSES + CONTAINERS, ids=str)
def server(request: pytest.FixtureRequest) -> Server:
    server: Server = request.param
    if not server.name:
        skip_or_fail("redis-versions", "RTGMOCK_TEST_REDIS_SERVERS names no servers")
    return server


@pytest.fixture
def engine_name(server: Server) -> str:
    return server.engine


def version(program: str) -> str:
    """``Redis 7.0.15``, as the program itself says."""
    output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    name, number = re.findall(r"^(\w+) server v=([\d.]+)", output)[0]
    return f"{name} {number}"


def major(program: str) -> str:
    return version(program).partition(".")[0]


@pytest.fixture
def line() -> dict[str, str]:
    """A program of each major version: ``line["Valkey 8"]``."""
    programs = {major(program): program for program in PROGRAMS}
    if missing := PROMISED - programs.keys():
        skip_or_fail("redis-versions", f"RTGMOCK_TEST_REDIS_SERVERS has no {', '.join(sorted(missing))}")
    return programs


def test_the_oldest_that_is_promised_is_among_those_that_are_tested(line: dict[str, str]) -> None:
    assert version(line["Redis 6"]).startswith("Redis 6.2.")


def test_docker_runs_a_redis_and_a_valkey(docker_client: docker.DockerClient) -> None:
    if not IMAGES:
        skip_or_fail("redis-versions", "RTGMOCK_TEST_REDIS_IMAGES names no images")
    commands = {docker_client.images.get(name).attrs["Config"]["Cmd"][0] for name in IMAGES}
    assert commands == {"redis-server", "valkey-server"}


def test_a_server_has_its_version_and_every_setting_from_a_create_and_from_an_update(
    emulators: RedisEmulators, server: Server
) -> None:
    api = emulators.start(api=2012, **server.settings)
    sent, expected, _ = all_at_once(2012)

    made = api.create(**sent)

    assert config(made["url"], *expected) == expected
    url = api.create()["url"]
    info = ask(url, "INFO", "server")
    assert made["version"] == info.get("valkey_version", info["redis_version"])
    assert ("valkey" in server.name) == ("valkey_version" in info)
    assert api.put("/instances/2.json", json={"plan": sent.pop("plan")}).status_code == 200
    changed = api.put("/instances/2.json", json=sent)
    assert changed.status_code == 200, changed.text
    assert config(changed.json()["url"], *expected) == expected
    assert not answers(url)


@each_process
@pytest.mark.parametrize("number", [2010, 2012])
def test_a_server_takes_each_change_alone(emulators: RedisEmulators, server: Server, number: int) -> None:
    api = emulators.start(api=number, **server.settings)
    made = api.create()
    ask(made["url"], "SET", "key", "value")

    assert made["version"] == version(server.name).split()[1]
    assert wrong_after_updates(api, number) == {}

    url = api.put("/instances/1.json", json={"slave": False}).json()["url"]
    assert ask(url, "GET", "key") == "value"


def test_a_servers_limits_are_hit_and_an_upgrade_lifts_them_under_load(
    emulators: RedisEmulators, server: Server
) -> None:
    api = emulators.start(**server.settings)
    url = api.create()["url"]
    assert 20 < fill(url, 200) < 60
    ask(url, "FLUSHALL")

    with load(url) as acknowledged:
        clients: list[redis.Redis] = []
        assert connect(url, clients, 12) == (9, "max number of clients reached")
        assert api.put("/instances/1.json", json={"plan": "small"}).status_code == 200
        assert connect(url, clients, 60) == (60, "not refused")
        assert all(client.ping() for client in clients)
        for client in clients:
            client.close()

    assert len(acknowledged) > 10
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert int(ask(url, "GET", "counter")) == len(acknowledged)
    assert fill(url, 80) == 80


@contextlib.contextmanager
def load(url: str) -> Iterator[list[int]]:
    """Increment a counter on one connection during the ``with`` block, and give the acknowledged values."""
    done, begun = threading.Event(), threading.Event()
    acknowledged: list[int] = []
    faults: list[Exception] = []

    def count() -> None:
        try:
            with connection(url) as client:
                while not done.is_set():
                    acknowledged.append(int(client.incr("counter")))
                    begun.set()
        except Exception as error:  # noqa: BLE001 - the other thread shows it
            faults.append(error)
            begun.set()

    thread = threading.Thread(target=count)
    thread.start()
    begun.wait(10)
    try:
        yield acknowledged
    finally:
        done.set()
        thread.join(10)
    assert faults == []


def test_a_server_takes_the_url_and_keeps_what_it_was_given(emulators: RedisEmulators, server: Server) -> None:
    first = emulators.start(state=emulators.state, **server.settings)
    made = [first.create(persistence=kind) for kind in ("snapshot", "aof")]
    for instance in made:
        for user in ("", "username", "redistogo", "nodejitsu", "default"):
            assert ask(f"redis://{user}:{instance['password']}@127.0.0.1:{instance['port']}", "SET", user, "value")
        with pytest.raises(redis.AuthenticationError):
            ask(instance["url"].replace(instance["password"], "wrong"), "PING")
        ask(instance["url"], "PUBLISH", "channel", "message")
    first.close()

    api = emulators.start(state=emulators.state, **server.settings)
    for instance in made:
        assert ask(instance["url"], "DBSIZE") == 5
        emulators.kill(instance)

    for instance in made:
        assert until(lambda url=instance["url"]: answers(url))  # type: ignore[misc]
        assert ask(instance["url"], "DBSIZE") == 5
    assert all_running(api)


@only_process
def test_an_instance_is_running_when_its_data_is_loaded_and_not_before(
    emulators: RedisEmulators, line: dict[str, str]
) -> None:
    for name in ("Redis 6", "Redis 7", "Valkey 9"):
        path = emulators.folder / name
        path.mkdir()
        state = path / "state.json"
        first = emulators.start(state=state, redis_server=line[name])
        made = first.create()
        with connection(made["url"]) as client:
            client.mset({f"key{number}": number for number in range(500)})
        first.close()
        often = "" if name == "Redis 6" else "--loading-process-events-interval-bytes 1024"
        slow = script(path, f'exec {line[name]} "$@" --key-load-delay 200 {often}')

        second = emulators.start(state=state, redis_server=slow)

        assert ask(made["url"], "GET", "key499") == "499", name
        emulators.kill(made)
        assert until(lambda api=second: api.emulator.engine.observation(1).is_lost)  # type: ignore[misc]
        assert until(lambda api=second: api.get("/instances/1.json").json()["status"] == "running")  # type: ignore[misc]
        assert ask(made["url"], "GET", "key499") == "499", name
        second.close()


def all_running(api: Served) -> bool:
    return until(lambda: {item["instance"]["status"] for item in api.get("/instances.json").json()} == {"running"})


@each_process
def test_a_server_is_a_replica_and_tells_when_it_saved(emulators: RedisEmulators, server: Server) -> None:
    api = emulators.start(**server.settings)
    master, replica = api.create(), api.create(persistence="aof")
    place = {"master_host": "127.0.0.1", "master_port": master["port"], "master_password": master["password"]}

    assert api.put("/instances/2.json", json={"slave": True, **place}).status_code == 200

    ask(master["url"], "SET", "key", "value")
    assert until(lambda: ask(replica["url"], "GET", "key") == "value")
    assert api.put("/instances/2.json", json={"slave": False}).status_code == 200
    assert ask(replica["url"], "SET", "key", "other")
    made = api.create()
    assert (made["last_backup_at"], made["last_bgrewriteaof_at"]) == (None, None)
    for command, attribute in (("BGSAVE", "last_backup_at"), ("BGREWRITEAOF", "last_bgrewriteaof_at")):
        ask(made["url"], command)
        assert until(lambda name=attribute: api.get("/instances/3.json").json()[name]), attribute  # type: ignore[misc]


REFUSED = [
    ("CONFIG", "SET", "dir", "{folder}"),
    ("CONFIG", "SET", "dbfilename", "authorized_keys"),
    ("CONFIG", "SET", "dir", "{folder}", "dbfilename", "authorized_keys"),
    ("CONFIG", "SET", "logfile", "{folder}/log"),
    ("EVAL", "return redis.call('CONFIG', 'SET', 'dir', '{folder}')", "0"),
    ("MODULE", "LOAD", "{folder}/module.so"),
    ("MODULE", "LOADEX", "{folder}/module.so"),
    ("DEBUG", "SLEEP", "0"),
    ("DEBUG", "SEGFAULT"),
    ("EVAL", "return redis.call('DEBUG', 'SEGFAULT')", "0"),
]
"""Commands by which a client would reach the machine, or crash its Redis."""


@pytest.mark.parametrize("server", PROCESSES, ids=str, indirect=True)
def test_a_client_cannot_reach_the_machine_whatever_rights_it_gives_itself(
    emulators: RedisEmulators, server: Server
) -> None:
    api = emulators.start(**server.settings)
    made = api.create()
    before, kept = run_id(made["url"]), config(made["url"], "dir", "dbfilename", "logfile")
    outside = emulators.folder / "outside"
    outside.mkdir()

    for user in ("", "username", "redistogo", "nodejitsu"):
        url = f"redis://{user}:{made['password']}@127.0.0.1:{made['port']}"
        with contextlib.suppress(redis.ResponseError):
            ask(url, "ACL", "SETUSER", user or "default", "on", "allcommands")
        for command in REFUSED:
            with pytest.raises(redis.ResponseError):
                ask(url, *(word.format(folder=outside) for word in command))
        ask(url, "SET", user, "value")
        ask(url, "SAVE")

    assert config(made["url"], "dir", "dbfilename", "logfile") == kept
    assert list(outside.iterdir()) == []
    assert run_id(made["url"]) == before
    assert api.put("/instances/1.json", json={"timeout": 7, "password": "sesame"}).status_code == 200
    assert config(api.get("/instances/1.json").json()["url"], "timeout") == {"timeout": "7"}


def make(emulators: RedisEmulators, program: str) -> list[dict[str, Any]]:
    """Create an instance with data for each kind of persistence, served by this program, and stop the emulator."""
    api = emulators.start(state=emulators.state, redis_server=program)
    made = [api.create(persistence=kind) for kind in ("snapshot", "aof")]
    for instance in made:
        ask(instance["url"], "SET", "key", "value")
    api.close()
    return made


@only_process
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Redis 6", "Redis 7"),
        ("Redis 7", "Redis 8"),
        ("Redis 7", "Valkey 8"),
        ("Redis 6", "Valkey 9"),
        ("Valkey 8", "Valkey 9"),
    ],
)
def test_a_newer_server_finds_the_data_of_an_older_one(
    emulators: RedisEmulators, line: dict[str, str], older: str, newer: str
) -> None:
    made = make(emulators, line[older])

    api = emulators.start(state=emulators.state, redis_server=line[newer])

    assert [ask(instance["url"], "GET", "key") for instance in made] == ["value", "value"]
    assert all_running(api)
    assert api.get("/instances/1.json").json()["version"] == version(line[newer]).split()[1]


@only_process
@pytest.mark.parametrize(("newer", "older"), [("Redis 8", "Redis 7"), ("Redis 7", "Redis 6"), ("Valkey 9", "Redis 8")])
def test_a_server_that_cannot_read_the_data_is_failed_says_why_and_loses_nothing(
    emulators: RedisEmulators, line: dict[str, str], caplog: pytest.LogCaptureFixture, newer: str, older: str
) -> None:
    made = make(emulators, line[newer])

    with caplog.at_level(logging.WARNING):
        api = emulators.start(state=emulators.state, redis_server=line[older])
        statuses = [item["instance"]["status"] for item in api.get("/instances.json").json()]
    api.close()

    assert statuses == ["failed", "failed"]
    snapshot, append_only = sorted(record.getMessage() for record in caplog.records)
    assert snapshot.startswith("instance 1 is failed: The instance's Redis did not start: ")
    assert re.search("Can't handle RDB format version|Wrong signature trying to load DB", snapshot)
    assert append_only.startswith("instance 2 is failed: The instance's ")
    emulators.start(state=emulators.state, redis_server=line[newer])
    assert [ask(instance["url"], "GET", "key") for instance in made] == ["value", "value"]


def script(folder: Path, command: str) -> str:
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return str(path)


@each_process
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_one_that_cannot_save_ends_with_its_emulator(
    emulators: RedisEmulators, server: Server, mount_disk: Callable[..., SmallDisk], end: str
) -> None:
    disk = mount_disk()
    command, api = emulators.run("--redis-server", server.name, state=str(disk.folder / "state.json"))
    ask(api.create(persistence="snapshot")["url"], "SET", "key", "value")
    disk.fill()

    getattr(command, end)()

    assert until(lambda: emulators.running() == 0)
    assert end == "kill" or "the Redis of instance 1 cannot save its data" in command.err
