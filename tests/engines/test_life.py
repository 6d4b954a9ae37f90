"""Instances outlive emulators: stops, kills, lost Redis servers, and what was left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import redis

from tests.support.api_client import ApiClient
from tests.support.command import until
from tests.support.ports import occupied
from tests.support.redis_client import answers, ask, connection, run_id
from tests.support.redis_emulators import IMAGE, INSTANCE, LABEL, STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Served
    from tests.support.command import Command
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

KEPT = ["aof", "snapshot"]
only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)
only_docker = pytest.mark.parametrize("engine_name", ["docker"], indirect=True)


def status(api: Served | ApiClient, number: int = 1) -> str:
    method = api.call("GET", f"/instances/{number}.json")
    found: str = method.json()["status"]
    return found


def revived(api: Served | ApiClient, url: str) -> bool:
    """Whether an instance answers and says so, within a deadline; meanwhile it may only be failed."""

    def well() -> bool:
        said = status(api)
        assert said in {"running", "failed"}
        return said == "running" and answers(url)

    return until(well)


def save(url: str) -> None:
    """BGSAVE, and wait for its end."""
    ask(url, "BGSAVE")
    assert until(lambda: not ask(url, "INFO", "persistence")["rdb_bgsave_in_progress"])


# An emulator that is stopped


@pytest.mark.parametrize("persistence", KEPT)
def test_the_data_is_there_after_a_stop_and_a_start(emulators: RedisEmulators, persistence: str) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(persistence=persistence)
    ask(made["url"], "SET", "key", "value")
    first.close()
    assert emulators.running() == 0
    assert not answers(made["url"])

    second = emulators.start(state=emulators.state)

    assert ask(made["url"], "GET", "key") == "value"
    assert status(second) == "running"
    assert emulators.running() == 1


def test_an_instance_without_persistence_works_after_a_stop_and_a_start(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(persistence="none")
    ask(made["url"], "SET", "key", "value")
    first.close()
    emulators.start(state=emulators.state)

    assert ask(made["url"], "SET", "key", "another")


def test_an_instance_without_persistence_starts_empty_whatever_was_saved_before(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = [first.create(persistence="none"), first.create()]
    for instance in made:
        ask(instance["url"], "SET", "key", "value")
        save(instance["url"])
    assert first.put("/instances/1.json", json={"databases": 2}).status_code == 200
    assert first.put("/instances/2.json", json={"persistence": "none"}).status_code == 200
    assert [ask(instance["url"], "GET", "key") for instance in made] == ["value", "value"]

    first.close()
    emulators.start(state=emulators.state)

    assert [ask(instance["url"], "DBSIZE") for instance in made] == [0, 0]


def test_when_the_append_only_file_was_rewritten_is_known_after_a_restart(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(plan="mini")
    assert made["last_bgrewriteaof_at"] is None
    ask(made["url"], "BGREWRITEAOF")
    name = "last_bgrewriteaof_at"
    assert until(lambda: first.get("/instances/1.json").json()[name])
    rewritten = first.get("/instances/1.json").json()[name]
    assert until(lambda: (first.emulator.store.instance(1) or {})[name] == rewritten)
    first.close()

    second = emulators.start(state=emulators.state)

    assert second.get("/instances/1.json").json()[name] == rewritten


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


def test_a_stop_right_after_the_append_only_file_was_turned_on_keeps_the_data(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    url = first.create(plan="mini", persistence="snapshot")["url"]
    fill(url)
    assert first.put("/instances/1.json", json={"persistence": "aof"}).status_code == 200
    begun = time.monotonic()
    first.close()
    assert time.monotonic() - begun < 8

    emulators.start(state=emulators.state)

    assert ask(url, "DBSIZE") == 100


def test_a_kill_right_after_the_append_only_file_was_turned_on_keeps_the_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini", persistence="snapshot")
    fill(made["url"])
    assert api.put("/instances/1.json", json={"persistence": "aof"}).status_code == 200

    emulators.kill(made)

    assert revived(api, made["url"])
    assert ask(made["url"], "DBSIZE") == 100


def fill(url: str) -> None:
    with connection(url) as client:
        for number in range(100):
            client.set(f"chunk{number}", os.urandom(100_000))


# A Redis that is lost


def test_a_redis_that_was_killed_comes_back_with_its_append_only_file(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")
    before = run_id(made["url"])

    emulators.kill(made)

    assert revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"
    assert run_id(made["url"]) != before
    assert emulators.running() == 1


def test_a_redis_that_was_killed_comes_back_with_its_last_snapshot(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")
    save(made["url"])

    emulators.kill(made)

    assert revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"


def test_a_redis_without_persistence_that_was_killed_comes_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(persistence="none")

    emulators.kill(made)

    assert revived(api, made["url"])
    assert ask(made["url"], "SET", "key", "value")


def test_a_redis_that_a_client_shut_down_comes_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")

    with contextlib.suppress(redis.ConnectionError):
        ask(made["url"], "SHUTDOWN", "NOSAVE")

    assert revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"
    assert emulators.running() == 1


def test_a_deleted_instance_does_not_come_back(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made, other = api.create(), api.create()
    emulators.kill(made)

    assert api.delete("/instances/1").status_code == 200

    emulators.kill(other)
    assert until(lambda: status(api, 2) == "running" and answers(other["url"]))
    assert emulators.running() == 1
    assert not answers(made["url"])


def test_an_instance_whose_port_somebody_took_is_failed_until_that_is_free(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(plan="mini")
    ask(made["url"], "SET", "key", "value")
    first.close()
    with occupied(made["port"]):
        api = emulators.start(state=emulators.state)
        assert status(api) == "failed"
        assert answers(api.create()["url"])
        assert status(api) == "failed"

    assert revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"


@only_docker
def test_a_container_that_was_removed_by_hand_comes_back_with_its_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")

    emulators.container(1).remove(force=True)

    assert revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"


@only_docker
def test_a_container_that_was_stopped_by_hand_comes_back_with_its_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")

    emulators.container(1).stop(timeout=5)

    assert revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"


# An emulator that is killed


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


@only_process
def test_the_redis_of_an_emulator_that_was_killed_ends_by_itself_and_saves(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    ask(made["url"], "SET", "key", "value")

    command.kill()

    assert until(lambda: emulators.running() == 0)
    emulators.run()
    assert ask(made["url"], "GET", "key") == "value"


@only_docker
def test_the_container_of_an_emulator_that_was_killed_goes_on_and_is_taken_over(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    made = api.create()
    before = run_id(made["url"])

    command.kill()

    assert answers(made["url"])
    _, api = emulators.run()
    assert run_id(made["url"]) == before
    assert api.call("PUT", "/instances/1.json", json={"plan": "mini"}).status_code == 200


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


# What was left behind, and what is not ours


@only_process
def test_a_folder_that_no_record_knows_is_removed_at_the_start_and_another_is_not(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    first.create()
    first.close()
    stray, other, foreign = (
        emulators.home(99),
        emulators.home(1).parent / "mine",
        emulators.folder / "other.json.redis" / "99",
    )
    for folder in (stray, other, foreign):
        folder.mkdir(parents=True)
        (folder / "dump.rdb").touch()

    emulators.start(state=emulators.state)

    assert not stray.exists()
    assert other.exists()
    assert foreign.exists()
    assert emulators.home(1).exists()


@pytest.fixture
def left_server(emulators: RedisEmulators) -> Iterator[Any]:
    """Starts Redis servers in an instance's folder, as an emulator which died would have left one."""
    with contextlib.ExitStack() as stack:

        def start(number: int, port: int) -> subprocess.Popen[bytes]:
            folder = emulators.home(number)
            folder.mkdir(parents=True, exist_ok=True)
            arguments = ["redis-server", "--port", str(port), "--dir", str(folder), "--logfile", "left.log"]
            process = subprocess.Popen(arguments, cwd=folder)
            stack.callback(process.wait)
            stack.callback(process.kill)
            created = psutil.Process(process.pid).create_time()
            (folder / "redis.pid").write_text(f"{process.pid} {created}\n")
            assert until(lambda: answers(f"redis://127.0.0.1:{port}"))
            return process

        yield start


@only_process
def test_a_redis_that_was_left_running_is_replaced_and_none_runs_twice(
    emulators: RedisEmulators, left_server: Any
) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create()
    first.close()
    orphan = left_server(1, made["port"])

    emulators.start(state=emulators.state)

    assert answers(made["url"])
    assert orphan.wait(10) is not None
    assert emulators.running() == 1


@only_process
def test_a_redis_that_was_left_running_for_no_record_is_ended(emulators: RedisEmulators, left_server: Any) -> None:
    first = emulators.start(state=emulators.state)
    first.close()
    orphan = left_server(99, emulators.ports[0])

    api = emulators.start(state=emulators.state)

    assert orphan.wait(10) is not None
    assert not emulators.home(99).exists()
    assert answers(api.create()["url"])


@only_process
def test_a_process_that_has_a_dead_servers_number_by_now_is_left_alone(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create()
    first.close()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        created = psutil.Process(bystander.pid).create_time()
        (emulators.home(1) / "redis.pid").write_text(f"{bystander.pid} {created - 100}\n")

        emulators.start(state=emulators.state)

        assert answers(made["url"])
        assert bystander.poll() is None
        bystander.kill()


@only_docker
def test_what_no_record_knows_is_removed_at_the_start_and_nothing_else_is_touched(emulators: RedisEmulators) -> None:
    first = emulators.start(state=emulators.state)
    state = first.emulator.store.state_id
    first.close()
    ours = {LABEL: "yes", STATE: state, INSTANCE: "99"}
    foreign: list[dict[str, str]] = [{**ours, STATE: "feedfeedfeed"}, {LABEL: "yes"}, {}]
    emulators.states.add("feedfeedfeed")
    client = emulators.docker
    with contextlib.ExitStack() as stack:
        made = []
        for labels in foreign:
            container, volume = client.containers.create(IMAGE, labels=labels), client.volumes.create(labels=labels)
            stack.callback(volume.remove)
            stack.callback(container.remove, force=True, v=True)
            made.append((container, volume))
        client.volumes.create(f"rtgmock-{state}-99", labels=ours)
        mounts = [f"rtgmock-{state}-99:/data"]
        client.containers.create(IMAGE, name=f"rtgmock-{state}-99", labels=ours, volumes=mounts)

        second = emulators.start(state=emulators.state)
        second.create()
        second.delete("/instances/1")
        second.close()

        assert [one.name for one in emulators.containers() if one.labels[STATE] == state] == []
        assert [name for name in emulators.volumes() if state in name] == []
        for container, volume in made:
            container.reload()
            volume.reload()


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


def used(command: Command) -> str:
    return command.out + command.err


def test_no_password_is_seen_where_others_look(emulators: RedisEmulators) -> None:
    account = "hidden-account-password"
    command, api = emulators.run("--account", f"username:{account}", state=":memory:")
    api = ApiClient(api.url, ("username", account))
    emulators.states |= {container.labels[STATE] for container in emulators.containers()}
    secrets = ["changed-password", "masters-password", account]
    made = api.create(master_password="masters-password")
    secrets.append(made["password"])
    changed = api.call("PUT", "/instances/1.json", json={"password": "changed-password"}).json()
    assert api.call("PUT", "/instances/1.json", json={"databases": 3}).status_code == 200
    assert answers(changed["url"])
    assert api.call("PUT", "/instances/1.json?password=changed-password", json={"timeout": 3}).status_code == 200
    ask(changed["url"], "SET", "key", "value")

    places = {"a container": "", "the log": "", "the process": ""}
    if emulators.engine == "docker":
        container = emulators.container(1)
        emulators.states.add(container.labels[STATE])
        volume = emulators.docker.api.inspect_volume(f"rtgmock-{container.labels[STATE]}-1")
        places["a container"] = (
            f"{emulators.docker.api.inspect_container(container.id or '')} {volume} {container.top()}"
        )
        places["the log"] = container.logs().decode()
    else:
        process = emulators.server(changed["url"])
        places["the process"] = f"{process.cmdline()} {process.environ()}"
        (log,) = emulators.temporary.glob("rtgmock-*/1/redis.log")
        places["the log"] = log.read_text()
        places["files"] = " ".join(path.name + path.read_text() for path in log.parent.glob("*.pid"))
    assert places["the log"]
    assert command.stop() == 0
    places["the emulator's output"] = (
        used(command).replace(f"'username:{account}'", "").replace(f"username:{account}", "")
    )

    found = [(place, secret) for place, text in places.items() for secret in secrets if secret in text]
    assert found == []


@only_process
def test_the_emulators_own_settings_are_not_in_the_servers_environment(emulators: RedisEmulators) -> None:
    seen, server = emulators.folder / "seen", emulators.folder / "server"
    server.write_text(f'#!/bin/sh\nenv > "{seen}"\nexec redis-server "$@"\n')
    server.chmod(0o755)
    settings = {"RTGMOCK_ACCOUNT": "username:password", "RTGMOCK_REDIS_SERVER": str(server)}
    command, api = emulators.run(state=":memory:", env=settings)

    assert answers(api.create()["url"])

    assert "RTGMOCK_ACCOUNT" not in seen.read_text()
    assert command.stop() == 0
