"""The Docker engine itself dies, and comes back: what is served meanwhile, and what is there afterwards."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import docker
import psutil
import pytest
import redis
from docker.models.containers import Container

from rtgmock.emulator import Emulator
from rtgmock.engines.redis import connections
from rtgmock.errors import StartupError
from rtgmock.settings.config import Config
from tests.support.command import until
from tests.support.redis_ground import answers, ask, config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command import Command
    from tests.support.private_engine import PrivateEngine
    from tests.support.redis_ground import Api, Ground

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.engine_fixtures"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PROMPT = 2.0
"""Seconds in which everything is answered while there is no engine."""


@pytest.fixture(autouse=True)
def unconnected_sockets() -> Iterator[None]:
    """The SDK leaves a socket open that it could not connect: it is not the next test that shall hear of it."""
    yield
    with warnings.catch_warnings(action="ignore"):
        gc.collect()


@pytest.fixture
def engine_name() -> str:
    return "docker"


@pytest.fixture
def docker_client(private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """The private engine, to which this process's environment leads."""
    monkeypatch.setenv("DOCKER_HOST", private_engine.socket)
    with contextlib.closing(docker.DockerClient(private_engine.socket, timeout=60)) as client:
        yield client


def outage(api: Api, url: str) -> set[str]:
    """Every kind of request while there is no engine, each answered at once; the statuses that reads showed."""
    seen, end = set(), time.monotonic() + 1.2  # the emulator looks twice a second
    while time.monotonic() < end:
        begun = time.monotonic()
        read = api.call("GET", "/instances/1.json")
        listed = api.call("GET", "/instances.json")
        assert (read.status_code, listed.status_code) == (200, 200)
        assert time.monotonic() - begun < PROMPT
        seen.add(read.json()["status"])
    for method, path, body in (
        ("POST", "/instances.json", {"plan": "nano"}),
        ("PUT", "/instances/1.json", {"databases": 3}),
        ("DELETE", "/instances/1.json", None),
    ):
        begun = time.monotonic()
        answer = api.call(method, path, json=body)
        assert answer.status_code == 503
        assert answer.text.startswith("Docker ")
        assert len(answer.text.splitlines()) == 1
        assert time.monotonic() - begun < PROMPT
    return seen


def recovered(command: Command, api: Api, ground: Ground, url: str) -> None:
    """The instance is as it was, there is one of it, and the log is clean."""
    assert until(lambda: api.instance()["status"] == "running" and answers(url))
    assert ask(url, "GET", "key") == "value"
    assert len(ground.containers()) == ground.running() == len(ground.volumes()) == 1
    assert len(ground.networks()) == 1
    assert "Traceback" not in command.err
    assert api.create()["id"] > 1
    assert api.call("DELETE", "/instances/1").status_code == 200


def databases(url: str) -> str | None:
    """How many its Redis has, if that isn't just being started again."""
    with contextlib.suppress(redis.RedisError):
        return config(url, "databases")["databases"]
    return None


@pytest.mark.parametrize("way", ["killed", "stopped", "power"])
def test_instances_are_back_when_their_engine_is(ground: Ground, private_engine: PrivateEngine, way: str) -> None:
    command, api = ground.run()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")

    if way == "power":
        private_engine.cut_power()
    else:
        private_engine.signal(signal.SIGKILL if way == "killed" else signal.SIGTERM)
    assert outage(api, url) == {"failed"}
    private_engine.start()

    recovered(command, api, ground, url)


@pytest.mark.parametrize("first", ["engine", "emulator"])
def test_instances_are_back_after_a_power_cut(ground: Ground, private_engine: PrivateEngine, first: str) -> None:
    command, api = ground.run()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")

    command.kill()
    private_engine.cut_power()
    if first == "emulator":
        early, _ = ground.run(wait=False)
        assert early.wait() == 1
        assert "no Docker engine answers" in early.err
    private_engine.start()
    if first == "engine":
        assert until(lambda: answers(url))
    command, api = ground.run()

    recovered(command, api, ground, url)


def test_an_engine_that_dies_in_the_middle_of_creates_leaves_nothing_of_them(
    ground: Ground, private_engine: PrivateEngine
) -> None:
    command, api = ground.run()
    with ThreadPoolExecutor(4) as pool:
        creates = [pool.submit(api.call, "POST", "/instances.json", json={"plan": "nano"}) for _ in range(4)]
        assert until(ground.containers)
        private_engine.signal(signal.SIGKILL)
        codes = [create.result().status_code for create in creates]
    assert set(codes) <= {201, 503}
    private_engine.start()

    assert until(lambda: len(ground.containers()) == len(ground.volumes()) == ground.running() == codes.count(201))
    assert len(api.call("GET", "/instances.json").json()) == codes.count(201)
    assert "Traceback" not in command.err


def test_an_engine_that_dies_in_the_middle_of_a_change_leaves_the_redis_as_the_record_is(
    ground: Ground, private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ground.start()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    start = Container.start

    def start_and_die(container: Container, **options: Any) -> None:
        start(container, **options)
        private_engine.cut_power()

    with monkeypatch.context() as watch:
        watch.setattr(api.emulator._supervisor, "reconcile", lambda: None)
        with monkeypatch.context() as patch:
            patch.setattr(Container, "start", start_and_die)
            answer = api.put("/instances/1.json", json={"databases": 7, "timeout": 9})
        assert answer.status_code == 503
        private_engine.start()
        assert until(lambda: answers(url))
        assert databases(url) == "7"

    assert until(lambda: api.get("/instances/1.json").json()["status"] == "running")
    assert until(lambda: databases(url) == "1")
    assert config(url, "timeout") == {"timeout": "150"}
    assert ask(url, "GET", "key") == "value"


def test_an_engine_that_dies_while_the_emulator_starts_stops_the_start_and_leaves_the_state(
    ground: Ground, private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ground.start(state=ground.state)
    url = first.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    first.close()
    before = ground.state.read_bytes()
    emulator = Emulator(Config(redis="docker", ports=ground.ports, port=0, state=ground.state))
    private_engine.signal(signal.SIGKILL)

    with pytest.raises(
        StartupError, match=r"^the instances cannot be brought back: Docker does not answer: .*start again$"
    ):
        emulator.start()

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", urlsplit(emulator.url).port or 0))
    assert ground.state.read_bytes() == before
    private_engine.start()
    ground.start(state=ground.state)
    assert ask(url, "GET", "key") == "value"


def test_instances_are_read_at_once_while_their_engine_hangs(ground: Ground, private_engine: PrivateEngine) -> None:
    command, api = ground.run()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    server = psutil.Process(ground.container(1).attrs["State"]["Pid"])

    with private_engine.paused():
        assert api.instance()["status"] == "running"
        server.kill()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            begun = time.monotonic()
            assert api.instance()["status"] == "failed"
            assert time.monotonic() - begun < PROMPT

    recovered(command, api, ground, url)


def test_an_instance_whose_engine_hangs_while_it_starts_it_is_read_as_failed(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ground.start()
    api.create()
    monkeypatch.setattr(connections, "TIMEOUT", 0.1)

    with api.emulator.engine._connections.alone(1):  # type: ignore[attr-defined]
        assert api.get("/instances/1.json").json()["status"] == "failed"
    assert api.get("/instances/1.json").json()["status"] == "running"
