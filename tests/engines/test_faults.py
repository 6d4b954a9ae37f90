"""What goes wrong with engines: all or nothing, and a sentence that says why and what to do."""

from __future__ import annotations

import os
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import redis
import requests

from tests.support.command import run
from tests.support.ports import free_ports, occupied
from tests.support.redis_client import answers, ask, config, connection, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)
only_docker = pytest.mark.parametrize("engine_name", ["docker"], indirect=True)
NOWHERE = "unix:///nonexistent.sock"


def everything(api: Served, url: str) -> tuple[Any, dict[str, str], str]:
    """All that an update may change: the record and the Redis's configuration; and which start of it this is."""
    with connection(url) as client:
        execute: Callable[..., dict[str, str]] = client.execute_command
        found = execute("CONFIG", "GET", "*")
    record = api.get("/instances/1.json").json()
    return {name: value for name, value in record.items() if not name.startswith("last_")}, found, run_id(url)


def nothing_runs(emulators: RedisEmulators) -> bool:
    volatile = list(emulators.temporary.glob("rtgmock-*/[0-9]*")) + list(emulators.home(1).parent.glob("[0-9]*"))
    return not (emulators.running() or emulators.containers() or emulators.volumes() or volatile)


@pytest.fixture
def broken_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes that the state file cannot be written any more, after some times."""

    def fail(after: int) -> None:
        sync, left = os.fsync, iter(range(after))

        def fsync(descriptor: int) -> None:
            if next(left, None) is None:
                raise OSError(28, "No space left on device")
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)

    return fail


# All or nothing


def test_a_refused_value_leaves_the_record_and_the_redis_as_they_were(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]
    before = everything(api, url)

    answer = api.put("/instances/1.json", json={"appendfsync": "always", "databases": 0, "timeout": 7})

    assert answer.status_code == 422
    assert everything(api, url) == before


def test_a_value_that_the_redis_itself_refuses_takes_the_others_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]
    before = everything(api, url)
    refused = {"slave": True, "master_host": "no such host", "master_port": "6379"}

    answer = api.put(
        "/instances/1.json",
        json={"timeout": 7, "persistence": "aof", "password": "another", "master_password": "x", **refused},
    )

    assert answer.status_code == 503
    assert everything(api, url) == before
    assert ask(url, "SET", "key", "value")


def test_a_value_that_the_redis_itself_refuses_at_its_restart_takes_the_others_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    url = api.create()["url"]
    ask(url, "SET", "key", "value")
    before = everything(api, url)[:2]
    refused = {"slave": True, "master_host": "no such host", "master_port": "6379"}

    answer = api.put("/instances/1.json", json={"timeout": 7, "databases": 4, "password": "another", **refused})

    assert answer.status_code == 503
    assert everything(api, url)[:2] == before
    assert ask(url, "GET", "key") == "value"


def test_a_value_that_the_redis_refuses_in_a_create_leaves_nothing(emulators: RedisEmulators) -> None:
    api = emulators.start(state=emulators.state)

    answer = api.post(
        "/instances.json",
        json={
            "plan": "nano",
            "slave": True,
            "master_host": "no such host",
            "master_port": "6379",
            "password": "pass-w",
        },
    )

    assert answer.status_code == 503
    assert "pass-w" not in answer.text
    assert nothing_runs(emulators)
    assert api.get("/instances.json").json() == []


def test_an_engine_that_fails_in_the_middle_of_a_change_takes_it_back(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    url = api.create()["url"]
    before = everything(api, url)
    set_one = redis.Redis.config_set
    left = iter(range(2))

    def config_set(client: redis.Redis, name: str, value: str, *more: Any) -> Any:
        if next(left, None) is None:
            monkeypatch.undo()
            raise redis.ResponseError("not today")
        return set_one(client, name, value, *more)

    monkeypatch.setattr(redis.Redis, "config_set", config_set)
    answer = api.put("/instances/1.json", json={"timeout": 7, "appendfsync": "no", "hash_max_zipmap_value": 9})

    assert answer.status_code == 503
    assert "not today" in answer.text
    assert everything(api, url) == before


def test_a_state_file_that_cannot_be_written_leaves_a_live_change_undone(
    emulators: RedisEmulators, broken_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start(state=emulators.state)
    url = api.create()["url"]
    before = everything(api, url)

    broken_disk(0)
    answer = api.put("/instances/1.json", json={"timeout": 7, "password": "another"})
    monkeypatch.undo()

    assert answer.status_code == 500
    assert everything(api, url) == before
    assert not answers(f"redis://:another@127.0.0.1:{emulators.ports[0]}")
    assert api.put("/instances/1.json", json={"timeout": 7}).status_code == 200


def test_a_state_file_that_cannot_be_written_leaves_a_restart_undone(
    emulators: RedisEmulators, broken_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start(state=emulators.state)
    url = api.create()["url"]
    ask(url, "SET", "key", "value")

    broken_disk(0)
    answer = api.put("/instances/1.json", json={"databases": 7, "persistence": "aof"})
    monkeypatch.undo()

    assert answer.status_code == 500
    assert config(url, "databases", "appendonly") == {"databases": "1", "appendonly": "no"}
    assert ask(url, "GET", "key") == "value"
    found = api.get("/instances/1.json").json()
    assert (found["databases"], found["persistence"]) == (1, "snapshot")


@pytest.mark.parametrize("writes", [0, 2])
def test_a_state_file_that_cannot_be_written_leaves_nothing_of_a_create(
    emulators: RedisEmulators, broken_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    api = emulators.start(state=emulators.state)

    broken_disk(writes)
    answer = api.post("/instances.json", json={"plan": "nano"})
    monkeypatch.undo()

    assert answer.status_code == 500
    assert nothing_runs(emulators)
    assert api.get("/instances.json").json() == []
    made = api.create()
    assert made["port"] == emulators.ports[0]
    assert answers(made["url"])


def test_a_change_of_an_instance_whose_redis_is_gone_is_refused(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    made = api.create()
    monkeypatch.setattr(api.emulator._parts.supervisor, "reconcile", lambda: None)
    emulators.kill(made)
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={"timeout": 7})

    assert before["status"] == "failed"
    assert answer.status_code == 503
    assert api.get("/instances/1.json").json() | {"status": "failed"} == before
    assert api.put("/instances/1.json", json={"label": "another"}).status_code == 200


# Starts that fail


def test_a_port_that_was_taken_in_between_is_a_503_that_says_so(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    monkeypatch.setattr(api.emulator.engine, "is_port_free", lambda port: True)

    with occupied(emulators.ports[0]):
        answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "in use" in answer.text.lower()
    assert str(emulators.ports[0]) in answer.text
    assert nothing_runs(emulators)
    assert answers(api.create()["url"])


def test_a_port_that_somebody_takes_after_the_look_is_left_for_the_next_one(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    engine, first_looks = api.emulator.engine, iter([True])
    is_port_free = engine.is_port_free
    monkeypatch.setattr(engine, "is_port_free", lambda port: next(first_looks, False) or is_port_free(port))

    with occupied(emulators.ports[0]):
        made = api.create()
        assert answers(made["url"])

    assert (made["id"], made["port"]) == (1, emulators.ports[1])
    assert made["label"].endswith(f"-{emulators.ports[1]}")
    assert emulators.running() == 1


def test_a_port_that_somebody_listens_on_silently_is_a_503_in_bounded_time(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    monkeypatch.setattr(api.emulator.engine, "is_port_free", lambda port: True)

    begun = time.monotonic()
    with occupied(emulators.ports[0], silently=True):
        answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert time.monotonic() - begun < 9
    assert nothing_runs(emulators)


@only_process
def test_another_redis_on_the_port_is_never_taken_for_the_instances(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = emulators.serve(redis="process", ports=emulators.ports).create()
    open_url = f"redis://127.0.0.1:{foreign['port']}"
    with connection(foreign["url"]) as client:
        client.config_set("requirepass", "")
        client.set("key", "value")
    api = emulators.start()
    monkeypatch.setattr(api.emulator.engine, "is_port_free", lambda port: True)

    answer = api.post("/instances.json", json={"plan": "mini"})

    assert answer.status_code == 503
    assert ask(open_url, "GET", "key") == "value"


@only_process
def test_another_redis_that_has_taken_an_instances_port_meanwhile_is_left_as_it_is(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(plan="mini")
    ask(made["url"], "SET", "key", "ours")
    first.close()
    other = emulators.serve(redis="process", ports=emulators.ports)
    foreign = other.create()
    assert foreign["port"] == made["port"]
    open_url = f"redis://127.0.0.1:{foreign['port']}"
    with connection(foreign["url"]) as client:
        client.config_set("requirepass", "")
        client.set("key", "foreign")

    api = emulators.start(state=emulators.state)

    assert api.get("/instances/1.json").json()["status"] == "failed"
    assert api.put("/instances/1.json", json={"timeout": 77, "password": "another"}).status_code == 503
    assert ask(open_url, "GET", "key") == "foreign"
    assert config(open_url, "timeout", "requirepass") == {"timeout": "150", "requirepass": ""}
    other.close()


def script(folder: Path, text: str) -> str:
    path = folder / "server"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@only_process
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/bin/sh\necho first; echo no such luck >&2; exit 1\n", "no such luck"),
        ("#!/bin/sh\nexit 1\n", "did not start"),
        ("\x7fELF nonsense", "cannot be started"),
        ("#!/nonexistent/interpreter\n", "cannot be started"),
    ],
)
def test_a_server_program_that_ends_at_once_is_a_503_that_says_so(
    emulators: RedisEmulators, text: str, said: str
) -> None:
    api = emulators.start(redis_server=script(emulators.folder, text))

    answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert said in answer.text
    assert ends_with_one_full_stop(answer.text)
    assert nothing_runs(emulators)
    assert api.get("/instances.json").json() == []


def ends_with_one_full_stop(text: str) -> bool:
    return text.endswith(".\n") and not text.endswith("..\n")


@only_process
def test_a_server_program_that_is_lost_makes_a_restart_a_503_with_one_full_stop(emulators: RedisEmulators) -> None:
    program = emulators.folder / "server"
    program.symlink_to(shutil.which("redis-server") or "/nonexistent")
    api = emulators.start(redis_server=str(program))
    api.create()
    program.unlink()

    answer = api.put("/instances/1.json", json={"databases": 4})

    assert answer.status_code == 503
    assert answer.text.startswith("The instance's Redis refused the change, and nothing has changed: ")
    assert ends_with_one_full_stop(answer.text)


class Registry:
    """A registry that has no image, and tells what it was asked for."""

    def __init__(self) -> None:
        asked = self.asked = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                found = self.path == "/v2/"
                self.send_response(200 if found else 404)
                self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@only_docker
@pytest.mark.parametrize("image", ["team/nothing:7", "nothing", "nothing@sha256:" + "0" * 64])
def test_an_image_that_cannot_be_pulled_is_a_503_that_names_it(
    emulators: RedisEmulators, registry: Registry, image: str
) -> None:
    name = f"{registry.name}/{image}"
    api = emulators.start(redis_image=name)

    answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert name in answer.text
    assert nothing_runs(emulators)
    repository, _, reference = image.replace("@", ":", 1).partition(":")
    assert f"/v2/{repository}/manifests/{reference or 'latest'}" in registry.asked


@only_docker
def test_an_image_without_a_redis_is_a_503_and_leaves_nothing(emulators: RedisEmulators) -> None:
    client = emulators.docker
    base = client.containers.create(emulators.start().emulator.config.redis_image)
    try:
        image = base.commit("rtgmock-test-broken", changes='ENTRYPOINT ["/nonexistent"]')
    finally:
        base.remove(force=True, v=True)
    try:
        answer = emulators.start(redis_image="rtgmock-test-broken:latest").post(
            "/instances.json", json={"plan": "nano"}
        )
    finally:
        client.images.remove(str(image.id), force=True)

    assert answer.status_code == 503
    assert "nonexistent" in answer.text
    assert nothing_runs(emulators)


# Engines that cannot be had


def refused(folder: Path, *options: str, **env: str) -> str:
    """The one line with which the command ends."""
    finished = run("serve", "--port", "0", "--state", ":memory:", *options, folder=folder, env=env)
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 1
    assert line.startswith("rtgmock: ")
    return line


@pytest.mark.parametrize("host", [NOWHERE, "tcp://127.0.0.1:1", "nonsense://x", "tcp://127.0.0.1:port", "tcp://[::1"])
def test_a_docker_engine_that_does_not_answer_stops_the_start_with_one_line(tmp_path: Path, host: str) -> None:
    line = refused(tmp_path, "--redis", "docker", DOCKER_HOST=host)

    assert "no Docker engine answers" in line
    assert "DOCKER_HOST" in line
    assert "--redis process" in line


def test_without_a_server_on_the_path_the_start_ends_with_one_line(tmp_path: Path) -> None:
    line = refused(tmp_path, "--redis", "process", PATH="")

    assert "redis-server" in line
    assert "--redis-server PATH" in line


def test_a_server_program_that_does_not_exist_stops_the_start_with_one_line(tmp_path: Path) -> None:
    line = refused(tmp_path, "--redis", "process", "--redis-server", "/nonexistent/redis-server")

    assert "/nonexistent/redis-server" in line
    assert "--redis-server PATH" in line


def test_without_any_engine_auto_stops_the_start_with_one_line_that_names_both(tmp_path: Path) -> None:
    line = refused(tmp_path, "--redis", "auto", DOCKER_HOST=NOWHERE, PATH="")

    assert "redis-server" in line
    assert "DOCKER_HOST" in line


@only_docker
def test_auto_takes_docker_where_it_answers(emulators: RedisEmulators) -> None:
    api = emulators.start(redis="auto")

    assert api.emulator.engine.name == "docker"
    assert api.emulator.engine.description.startswith("docker: redis:7-alpine on engine ")
    assert api.get("/_rtgmock/health").json()["engine"] == "docker"


@only_process
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK leaves its socket open
def test_auto_takes_processes_where_no_docker_answers(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    api = emulators.start(redis="auto")

    assert api.emulator.engine.name == "process"
    assert answers(api.create()["url"])


@only_process
def test_a_start_that_is_refused_leaves_nothing(emulators: RedisEmulators) -> None:
    taken = free_ports(1)[0]
    options = ["--redis", emulators.engine, "--state", ":memory:", "--port", str(taken)]
    with occupied(taken):
        finished = run("serve", *options, folder=emulators.folder, env={"TMPDIR": str(emulators.temporary)})

    assert finished.returncode == 1
    assert list(emulators.temporary.iterdir()) == []


@only_docker
def test_a_docker_engine_that_goes_away_makes_requests_503_and_leaves_the_instances(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    made = api.create()
    client = api.emulator.engine._runner._client  # type: ignore[attr-defined]

    def send(*arguments: Any, **options: Any) -> Any:
        raise requests.exceptions.ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(client.api, "send", send)
        answer = api.post("/instances.json", json={"plan": "nano"})
        gone = api.delete("/instances/1")

    assert (answer.status_code, gone.status_code) == (503, 503)
    assert "Docker" in answer.text
    assert api.get("/instances.json").json()[0]["instance"]["id"] == 1
    assert answers(made["url"])
    assert api.delete("/instances/1").status_code == 200
