"""The Docker engine dies and comes back: what is served meanwhile, and what exists afterwards."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import redis
from docker.models.containers import Container

from rtgmock.emulator import Emulator
from rtgmock.errors import StartupError
from rtgmock.service.maintenance import Maintenance
from rtgmock.settings.config import Config
from tests.support.command import until
from tests.support.redis_client import answers, ask, config

if TYPE_CHECKING:
    from tests.support.api_client import ApiClient
    from tests.support.command import Command
    from tests.support.private_engine import PrivateEngine
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.engine_fixtures"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PROMPT = 2.0
"""Seconds within which every request must be answered while there is no engine."""


def use_during_outage(api: ApiClient, url: str) -> set[str]:
    """Send every kind of request while there is no engine, and return the statuses that reads showed."""
    assert until(lambda: api.instance()["status"] == "failed")
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
        assert re.search(r"[^.]\.\n$", answer.text)
        assert len(answer.text.splitlines()) == 1
        assert time.monotonic() - begun < PROMPT
    return seen


def assert_recovered(command: Command, api: ApiClient, emulators: RedisEmulators, url: str) -> None:
    """Assert that the instance is as it was, with one container, volume and network, and no traceback in the log."""
    assert until(lambda: api.instance()["status"] == "running" and answers(url))
    assert ask(url, "GET", "key") == "value"
    assert len(emulators.containers()) == emulators.running() == len(emulators.volumes()) == 1
    assert len(emulators.networks()) == 1
    assert "Traceback" not in command.err
    assert api.create()["id"] > 1
    assert api.call("DELETE", "/instances/1").status_code == 200


def databases(url: str) -> str | None:
    """Return the number of databases of the Redis; None while it is being restarted."""
    with contextlib.suppress(redis.RedisError):
        return config(url, "databases")["databases"]
    return None


@pytest.mark.parametrize("way", ["killed", "stopped", "power"])
def test_instances_are_back_when_their_engine_is(
    emulators: RedisEmulators, private_engine: PrivateEngine, way: str
) -> None:
    command, api = emulators.run()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")

    if way == "power":
        private_engine.cut_power()
    else:
        private_engine.signal(signal.SIGKILL if way == "killed" else signal.SIGTERM)
    assert use_during_outage(api, url) == {"failed"}
    private_engine.start()

    assert_recovered(command, api, emulators, url)


@pytest.mark.parametrize("first", ["engine", "emulator"])
def test_instances_are_back_after_a_power_cut(
    emulators: RedisEmulators, private_engine: PrivateEngine, first: str
) -> None:
    command, api = emulators.run()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")

    command.kill()
    private_engine.cut_power()
    if first == "emulator":
        early, _ = emulators.run(wait=False)
        assert early.wait() == 1
        assert "no Docker engine answers" in early.err
    private_engine.start()
    if first == "engine":
        assert until(lambda: answers(url))
    command, api = emulators.run()

    assert_recovered(command, api, emulators, url)


def test_an_engine_that_dies_in_the_middle_of_creates_leaves_nothing_of_them(
    emulators: RedisEmulators, private_engine: PrivateEngine
) -> None:
    command, api = emulators.run()
    with ThreadPoolExecutor(4) as pool:
        creates = [pool.submit(api.call, "POST", "/instances.json", json={"plan": "nano"}) for _ in range(4)]
        assert until(emulators.containers)
        private_engine.signal(signal.SIGKILL)
        codes = [create.result().status_code for create in creates]
    assert set(codes) <= {201, 503}
    private_engine.start()

    assert until(
        lambda: len(emulators.containers()) == len(emulators.volumes()) == emulators.running() == codes.count(201)
    )
    assert len(api.call("GET", "/instances.json").json()) == codes.count(201)
    assert "Traceback" not in command.err


def test_an_engine_that_dies_in_the_middle_of_a_change_leaves_the_redis_as_the_record_is(
    emulators: RedisEmulators, private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    start = Container.start

    def start_and_die(container: Container, **options: Any) -> None:
        start(container, **options)
        private_engine.cut_power()

    with monkeypatch.context() as watch:
        watch.setattr(api.emulator._parts.supervisor, "see_to", lambda number: None)
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
    emulators: RedisEmulators, private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = emulators.start(state=emulators.state)
    url = first.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    first.close()
    before = emulators.state.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        address = reserved.getsockname()
    emulator = Emulator(Config(redis="docker", ports=emulators.ports, port=address[1], state=emulators.state))
    load_fixture = Maintenance.load_fixture

    def begin_without_an_engine(maintenance: Maintenance) -> None:
        private_engine.signal(signal.SIGKILL)
        load_fixture(maintenance)

    with monkeypatch.context() as patches:
        patches.setattr(Maintenance, "load_fixture", begin_without_an_engine)
        with pytest.raises(
            StartupError, match=r"^the instances cannot be brought back: Docker does not answer: .*start again$"
        ):
            emulator.start()

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address)
    assert emulators.state.read_bytes() == before
    private_engine.start()
    emulators.start(state=emulators.state)
    assert ask(url, "GET", "key") == "value"


def test_instances_are_read_at_once_while_their_engine_hangs(
    emulators: RedisEmulators, private_engine: PrivateEngine
) -> None:
    command, api = emulators.run()
    url = api.create(persistence="aof", appendfsync="always")["url"]
    ask(url, "SET", "key", "value")
    server = psutil.Process(emulators.container(1).attrs["State"]["Pid"])

    with private_engine.paused():
        assert api.instance()["status"] == "running"
        server.kill()
        assert until(lambda: api.instance()["status"] == "failed")
        end = time.monotonic() + 3
        while time.monotonic() < end:
            begun = time.monotonic()
            assert api.instance()["status"] == "failed"
            assert time.monotonic() - begun < PROMPT

    assert_recovered(command, api, emulators, url)


def test_an_instance_is_read_while_its_engine_hangs_in_a_change_of_it(emulators: RedisEmulators) -> None:
    api = emulators.start()
    api.create()

    with api.emulator.engine._connections.lock(1):  # type: ignore[attr-defined]
        assert api.get("/instances/1.json").json()["status"] == "running"
