"""A Redis whose change could not be stored has the settings of its record again, as soon as it takes them."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from rtgmock.engines.docker.archive import archive_file
from tests.support.command import until
from tests.support.instances import only_docker, only_process, status
from tests.support.redis_client import answers, ask, config, connection, run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker.models.containers import Container

    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

RECORDED = {"timeout": "150", "maxmemory": str(20 << 20), "maxclients": "51"}


@pytest.fixture
def fail_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets the next commit do something, and then fail: ``fail_commit(something)``."""

    def arrange(meanwhile: Callable[[], object]) -> None:
        def fdatasync(descriptor: int) -> None:
            monkeypatch.undo()
            meanwhile()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fdatasync", fdatasync)

    return arrange


def server(emulators: RedisEmulators, made: dict[str, Any]) -> psutil.Process:
    if emulators.engine == "process":
        return emulators.server(made["url"])
    return psutil.Process(emulators.container(made["id"]).attrs["State"]["Pid"])


def has_recorded_settings(api: Served, url: str) -> bool:
    return status(api) == "running" and answers(url) and config(url, *RECORDED) == RECORDED


@pytest.mark.parametrize("change", [{"timeout": 7, "password": "another"}, {"plan": "small"}], ids=["set", "upgrade"])
def test_one_that_hangs_when_the_change_is_taken_back(
    emulators: RedisEmulators, fail_commit: Callable[[Callable[[], object]], None], change: dict[str, Any]
) -> None:
    api = emulators.start(state=emulators.state)
    made = api.create(plan="mini", persistence="aof", appendfsync="always")
    ask(made["url"], "SET", "key", "value")
    process = server(emulators, made)

    fail_commit(process.suspend)
    answer = api.put("/instances/1.json", json=change)
    process.resume()

    assert answer.status_code == 500
    assert "nothing has changed" in answer.text
    assert until(lambda: has_recorded_settings(api, made["url"]))
    assert ask(made["url"], "GET", "key") == "value"
    assert not answers(f"redis://:another@127.0.0.1:{emulators.ports[0]}")


def test_one_that_is_killed_before_the_change_is_taken_back(
    emulators: RedisEmulators, fail_commit: Callable[[Callable[[], object]], None]
) -> None:
    api = emulators.start(state=emulators.state)
    made = api.create(plan="mini", persistence="aof", appendfsync="always")
    ask(made["url"], "SET", "key", "value")

    fail_commit(lambda: emulators.kill(made))
    answer = api.put("/instances/1.json", json={"timeout": 7, "password": "another"})

    assert answer.status_code == 500
    assert until(lambda: has_recorded_settings(api, made["url"]))
    assert ask(made["url"], "GET", "key") == "value"


def test_its_connections_stay_open_while_it_gets_the_recorded_settings(
    emulators: RedisEmulators, fail_commit: Callable[[Callable[[], object]], None]
) -> None:
    api = emulators.start(state=emulators.state)
    made = api.create(plan="mini")
    process = server(emulators, made)
    with connection(made["url"]) as client:
        client.set("key", "value")

        fail_commit(process.suspend)
        assert api.put("/instances/1.json", json={"timeout": 7}).status_code == 500
        process.resume()

        assert until(lambda: has_recorded_settings(api, made["url"]))
        assert client.get("key") == "value"


def test_what_was_saved_stays_when_a_change_to_no_persistence_cannot_be_stored(
    emulators: RedisEmulators, fail_commit: Callable[[Callable[[], object]], None]
) -> None:
    api = emulators.start(state=emulators.state)
    made = api.create(persistence="snapshot")
    ask(made["url"], "SET", "key", "value")
    ask(made["url"], "SAVE")
    before = run_id(made["url"])

    fail_commit(lambda: None)
    assert api.put("/instances/1.json", json={"persistence": "none"}).status_code == 500
    emulators.kill(made)

    assert until(lambda: answers(made["url"]) and run_id(made["url"]) != before)
    assert ask(made["url"], "GET", "key") == "value"


@only_process
def test_one_without_persistence_starts_empty_whatever_snapshot_is_there(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(persistence="none")
    ask(made["url"], "SET", "key", "value")
    ask(made["url"], "SAVE")
    before = run_id(made["url"])

    emulators.kill(made)

    assert until(lambda: answers(made["url"]) and run_id(made["url"]) != before)
    assert ask(made["url"], "DBSIZE") == 0


@only_docker
def test_a_container_that_an_emulator_has_left_in_the_middle_of_a_change_gets_the_recorded_settings(
    emulators: RedisEmulators,
) -> None:
    command, api = emulators.run()
    url = api.create(plan="mini")["url"]
    ask(url, "SET", "key", "value")
    before = run_id(url)
    command.kill()
    with connection(url) as client:
        client.config_set("timeout", 7)
        client.config_set("maxclients", 99)

    emulators.run()

    assert config(url, *RECORDED) == RECORDED
    assert (run_id(url), ask(url, "GET", "key")) == (before, "value")


def configuration(container: Container) -> bytes:
    """Return the redis.conf in a container."""
    content = b"".join(container.get_archive("/rtgmock.conf")[0])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        file = archive.extractfile("rtgmock.conf")
        assert file is not None
        return file.read()


@only_docker
def test_such_a_container_is_restarted_for_what_takes_a_restart(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    url = api.create(plan="mini", databases=3)["url"]
    ask(url, "SET", "key", "value")
    command.kill()
    container = emulators.container(1)
    changed = configuration(container).replace(b'databases "3"', b'databases "5"')
    container.put_archive("/", archive_file("rtgmock.conf", changed))
    ask(url, "SAVE")
    container.restart()
    assert until(lambda: answers(url) and config(url, "databases") == {"databases": "5"})

    emulators.run()

    assert config(url, "databases") == {"databases": "3"}
    assert ask(url, "GET", "key") == "value"
