"""A Redis whose change could not be stored has the settings of its record again, as soon as it takes them."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any, NamedTuple

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
def in_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something be done in the next commit: ``in_commit(something)``."""

    def arrange(meanwhile: Callable[[], object]) -> None:
        def fdatasync(descriptor: int) -> None:
            monkeypatch.undo()
            meanwhile()
            os.fdatasync(descriptor)

        monkeypatch.setattr(os, "fdatasync", fdatasync)

    return arrange


@pytest.fixture
def fail_commit(in_commit: Callable[[Callable[[], object]], None]) -> Callable[[Callable[[], object]], None]:
    """Lets the next commit do something, and then fail: ``fail_commit(something)``."""

    def arrange(meanwhile: Callable[[], object]) -> None:
        def fail() -> None:
            meanwhile()
            raise OSError(28, "No space left on device")

        in_commit(fail)

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


class Replica(NamedTuple):
    """Two instances: a master, and one that a change makes its replica."""

    api: Served
    master: dict[str, Any]
    made: dict[str, Any]

    def follow(self, **more: Any) -> int:
        """Make the second instance a replica of the first; return the answer's status."""
        following = {"slave": True, "master_host": "127.0.0.1", "master_port": str(self.master["port"])}
        password = {"master_password": self.master["password"]}
        answer = self.api.put("/instances/2.json", json={**following, **password, **more})
        status_code: int = answer.status_code
        return status_code

    def data(self) -> Any:
        """Return what the replica says that it is, and what it has."""
        return ask(self.made["url"], "ROLE")[0], ask(self.made["url"], "GET", "key")

    def is_complete(self) -> bool:
        """Return whether the change is made."""
        return status(self.api, 2) == "running" and answers(self.made["url"]) and self.data() == ("slave", "master's")


@pytest.fixture
def replica(emulators: RedisEmulators) -> Replica:
    api = emulators.start(state=emulators.state)
    both = Replica(api, api.create(persistence="aof"), api.create(persistence="aof", appendfsync="always"))
    ask(both.master["url"], "SET", "key", "master's")
    ask(both.made["url"], "SET", "key", "own")
    return both


@pytest.mark.parametrize("more", [{}, {"databases": 3}], ids=["live", "restart"])
def test_one_becomes_a_replica_and_loses_its_data_only_once_that_is_stored(
    replica: Replica, fail_commit: Callable[[Callable[[], object]], None], more: dict[str, Any]
) -> None:
    seen: list[Any] = []

    fail_commit(lambda: seen.append(replica.data()))

    assert replica.follow(**more) == 500
    assert seen == [("master", "own")]
    assert replica.data() == ("master", "own")
    assert config(replica.made["url"], "masterauth") == {"masterauth": ""}
    assert replica.follow(**more) == 200
    assert until(replica.is_complete)


@pytest.mark.parametrize("change", [{"slave": False}, {"master_port": "1"}], ids=["promoted", "another master"])
def test_one_leaves_its_master_only_once_that_is_stored(
    replica: Replica, fail_commit: Callable[[Callable[[], object]], None], change: dict[str, Any]
) -> None:
    replica.follow()
    assert until(replica.is_complete)
    before = ask(replica.made["url"], "ROLE")[:3]
    seen: list[Any] = []

    fail_commit(lambda: seen.append(ask(replica.made["url"], "ROLE")[:3]))

    assert replica.api.put("/instances/2.json", json=change).status_code == 500
    assert seen == [before]
    assert ask(replica.made["url"], "ROLE")[:3] == before


def test_one_that_hangs_once_its_change_is_stored_gets_it_when_it_answers(
    emulators: RedisEmulators, replica: Replica, in_commit: Callable[[Callable[[], object]], None]
) -> None:
    process = server(emulators, replica.made)
    in_commit(process.suspend)
    try:
        assert replica.follow() == 200
        assert status(replica.api, 2) == "failed"
    finally:
        process.resume()

    assert until(replica.is_complete)


def test_one_that_is_killed_once_its_change_is_stored_gets_it_when_it_is_back(
    emulators: RedisEmulators, replica: Replica, in_commit: Callable[[Callable[[], object]], None]
) -> None:
    in_commit(lambda: emulators.kill(replica.made))

    assert replica.follow() == 200
    assert until(replica.is_complete)
