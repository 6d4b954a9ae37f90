"""Instances outlive emulators that are stopped or killed, and each emulator knows its own instances only."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from tests.support.command import until
from tests.support.instances import save, status
from tests.support.redis_client import answers, ask
from tests.support.redis_emulators import STATE

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def test_a_second_stop_does_nothing(emulators: RedisEmulators) -> None:
    api = emulators.start(state=emulators.state)
    api.create()
    api.emulator.stop()
    again = emulators.start(state=emulators.state)

    api.emulator.stop()

    assert again.get("/instances/1.json").json()["status"] == "running"
    assert emulators.running() == 1


def test_sigterm_stops_every_redis_and_keeps_the_data(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = [api.create(), api.create(plan="mini")]
    for instance in made:
        ask(instance["url"], "SET", "key", instance["id"])

    assert command.stop() == 0

    assert emulators.running() == 0
    _, api = emulators.run()
    assert [ask(instance["url"], "GET", "key") for instance in made] == ["1", "2"]
    assert emulators.running() == 2


def test_an_emulator_that_keeps_nothing_leaves_nothing(emulators: RedisEmulators) -> None:
    command, api = emulators.run(state=":memory:")
    made = api.create()
    api.create(plan="mini")
    assert ask(made["url"], "SET", "key", "value")
    assert emulators.running() == 2
    emulators.states |= {container.labels[STATE] for container in emulators.containers()}

    assert command.stop() == 0

    assert emulators.running() == 0
    assert (emulators.containers(), emulators.volumes(), emulators.networks()) == ([], [], [])
    assert list(emulators.temporary.iterdir()) == []


def test_an_emulator_that_was_killed_finds_its_instances_again(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = [api.create(), api.create(plan="mini")]
    ask(made[0]["url"], "SET", "key", "nano")
    save(made[0]["url"])
    ask(made[1]["url"], "SET", "key", "mini")

    command.kill()
    _, api = emulators.run()

    assert [ask(instance["url"], "GET", "key") for instance in made] == ["nano", "mini"]
    assert [status(api, number) for number in (1, 2)] == ["running", "running"]
    assert emulators.running() == 2
    assert api.create()["id"] == 3


def test_an_emulator_and_a_redis_that_were_killed_together_come_back_with_the_data(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = [api.create(), api.create(plan="mini")]
    ask(made[0]["url"], "SET", "key", "nano")
    save(made[0]["url"])
    ask(made[1]["url"], "SET", "key", "mini")

    command.signal(signal.SIGSTOP)
    for instance in made:
        emulators.kill(instance)
    command.kill()
    emulators.run()

    assert [ask(instance["url"], "GET", "key") for instance in made] == ["nano", "mini"]
    assert emulators.running() == 2


def test_an_emulator_killed_while_it_creates_leaves_nothing_that_it_does_not_know(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    api.create()
    urls: list[str] = []

    def create() -> None:
        with contextlib.suppress(OSError, LookupError):
            urls.append(api.create()["url"])

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: emulators.running() > 1)
    command.kill()
    for thread in threads:
        thread.join(20)

    _, api = emulators.run()
    known = api.call("GET", "/instances.json").json()

    assert {row["instance"]["port"] for row in known} >= {int(url.rstrip("/").rpartition(":")[2]) for url in urls}
    assert emulators.running() == len(known)
    assert len(emulators.volumes()) == (len(known) if emulators.engine == "docker" else 0)
    if emulators.engine == "process":
        assert {int(folder.name) for folder in emulators.home(1).parent.iterdir()} == {
            row["instance"]["id"] for row in known
        }


def test_two_emulators_know_nothing_of_each_other(emulators: RedisEmulators) -> None:
    one, two = emulators.start(), emulators.start(state=emulators.state)
    first, second = one.create(), two.create()
    ask(second["url"], "SET", "key", "value")

    one.close()

    assert not answers(first["url"])
    assert ask(second["url"], "GET", "key") == "value"
    assert two.delete("/instances/1").status_code == 200


def test_the_emulators_of_a_command_and_of_a_test_find_the_same_instances(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    assert command.stop() == 0

    served = emulators.start(state=emulators.state)

    assert ask(made["url"], "GET", "key") == "value"
    assert served.delete("/instances/1").status_code == 200
    assert emulators.volumes() == []
    assert not emulators.home(1).exists()
