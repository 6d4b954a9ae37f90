"""An emulator in a container that has the engine's socket: its URLs work on the host and in other containers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.support.command import until
from tests.support.ports import occupied
from tests.support.redis_client import answers, ask
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_containers import EmulatorContainers

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.emulator_containers"]


ASK = """
import sys, redis, requests
url = requests.get(sys.argv[1], auth=("username", "password"), timeout=20).json()["url"]
answer = redis.Redis.from_url(url, decode_responses=True).execute_command(*sys.argv[2:])
print(url.partition("@")[2], answer)
"""
"""A client's script: read an instance's URL from the API, and send a command to its Redis."""


def asked(containers: EmulatorContainers, *command: str, instance: int = 1) -> str:
    return containers.run(ASK, f"http://{containers.name}:8080/instances/{instance}.json", *command)


@pytest.mark.parametrize("publish", [False, True])
def test_a_url_works_from_the_host_and_from_another_container(containers: EmulatorContainers, publish: bool) -> None:
    emulator = containers.start(publish=publish)
    made = emulator.api.create()
    [sibling] = containers.siblings()

    assert made["url"].endswith(f"@127.0.0.1:{containers.ports[0]}/")
    assert ask(made["url"], "SET", "key", "value")
    assert asked(containers, "GET", "key") == f"{containers.name}:{containers.ports[0]}/ value"
    assert bool(sibling.attrs["HostConfig"]["PortBindings"]) is not publish

    assert emulator.api.call("DELETE", "/instances/1").ok
    assert not answers(made["url"])
    assert containers.count() == (0, 0, 1)
    again = emulator.api.create()
    assert again["port"] == made["port"]
    assert answers(again["url"])


def test_twenty_connections_carry_a_megabyte_each_way_through_the_emulator(containers: EmulatorContainers) -> None:
    made = containers.start(publish=True).api.create(plan="medium")

    def carried(number: int) -> bool:
        data = os.urandom(2**20)
        with redis.Redis.from_url(made["url"]) as client:
            client.set(str(number), data)
            return bool(client.get(str(number)) == data)

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(carried, range(20)))


def test_a_killed_emulator_that_is_started_again_finds_its_instances(containers: EmulatorContainers) -> None:
    emulator = containers.start()
    made = emulator.api.create()
    assert ask(made["url"], "SET", "key", "value")
    [before] = containers.siblings()

    emulator.container.kill()
    assert answers(made["url"])
    assert containers.orphans() == []
    emulator.container.start()
    emulator.wait()

    assert [one.id for one in containers.siblings()] == [before.id]
    assert ask(made["url"], "GET", "key") == "value"
    assert asked(containers, "GET", "key").endswith(" value")
    assert str(before.name) not in str(emulator.container.exec_run("rtgmock prune").output)
    assert containers.orphans() == []


def test_an_instance_whose_url_is_known_is_there_from_the_start_and_after_a_kill(
    containers: EmulatorContainers,
) -> None:
    port = containers.ports[1]
    emulator = containers.start("--instance", f"nano:secret@{port}")
    url = f"redis://redistogo:secret@HOST:{port}/"
    on_host, elsewhere = url.replace("HOST", "127.0.0.1"), url.replace("HOST", containers.name)

    assert ask(on_host, "SET", "key", "value")
    assert containers.run(f"import redis; print(redis.Redis.from_url('{elsewhere}').get('key'))") == "b'value'"
    emulator.container.kill()
    emulator.container.start()
    emulator.wait()

    assert ask(on_host, "GET", "key") == "value"
    assert containers.count() == (1, 1, 1)


def test_an_instance_whose_port_another_container_has_is_refused(containers: EmulatorContainers) -> None:
    port = containers.ports[1]
    containers.occupy(port)

    with pytest.raises(LookupError, match=f"the port {port} of --instance nano@{port} is taken; stop that, or choose"):
        containers.start("--instance", f"nano@{port}")


def test_an_instance_whose_port_a_program_on_the_host_has_is_refused(containers: EmulatorContainers) -> None:
    """From inside of its container, the emulator sees neither the port nor the program: Docker refuses it."""
    port = containers.ports[1]

    with (
        occupied(port),
        pytest.raises(
            LookupError, match=rf"the instance nano@{port} \(--instance\) is not available: The port {port} "
        ),
    ):
        containers.start("--instance", f"nano@{port}")


def test_a_new_container_with_the_old_ones_volume_finds_its_instances(containers: EmulatorContainers) -> None:
    emulator = containers.start(publish=True)
    made = emulator.api.create()
    assert ask(made["url"], "SET", "key", "value")
    emulator.container.kill()
    emulator.container.remove()
    assert containers.orphans() == []

    second = containers.start()

    assert ask(made["url"], "GET", "key") == "value"
    assert asked(containers, "GET", "key").endswith(" value")
    assert containers.orphans() == []
    second.container.stop()
    second.container.remove()
    assert not answers(made["url"])
    assert containers.orphans() == []
    containers.client.volumes.get(containers.name).remove()
    assert containers.orphans(remove=True) == ["container", "volume"]
    assert containers.count() == (0, 0, 0)


def test_a_redis_that_dies_is_reached_again_by_the_same_url(containers: EmulatorContainers) -> None:
    emulator = containers.start(publish=True)
    made = emulator.api.create()
    [sibling] = containers.siblings()
    sibling.kill()

    assert until(lambda: answers(made["url"]))


def test_a_stop_keeps_the_data_and_the_next_start_brings_it_back(containers: EmulatorContainers) -> None:
    emulator = containers.start()
    made = emulator.api.create()
    assert ask(made["url"], "SET", "key", "value")

    emulator.container.stop()

    assert [one.status for one in containers.siblings()] == ["exited"]
    assert containers.count() == (1, 1, 0)
    assert emulator.container.wait()["StatusCode"] == 0
    emulator.container.start()
    emulator.wait()
    assert ask(made["url"], "GET", "key") == "value"
    assert asked(containers, "GET", "key").endswith(" value")


def test_a_state_in_memory_is_gone_with_the_run_of_its_container(containers: EmulatorContainers) -> None:
    emulator = containers.start(state=":memory:")
    emulator.api.create()
    assert containers.orphans() == []

    emulator.container.kill()
    emulator.container.start()
    emulator.wait()
    assert sorted(containers.orphans(remove=True)) == ["container", "network", "volume"]
    assert containers.count() == (0, 0, 1)
    emulator.api.create()

    emulator.container.kill()
    assert len(containers.orphans(remove=True)) == 3
    emulator.container.start()
    emulator.wait()
    assert answers(emulator.api.create()["url"])

    emulator.container.stop()
    assert containers.count() == (0, 0, 0)


def test_a_state_in_a_folder_of_the_host_is_known_there(containers: EmulatorContainers, tmp_path: Path) -> None:
    emulator = containers.start(data=str(tmp_path), user="0")
    emulator.api.create()
    emulator.container.kill()
    emulator.container.remove()
    assert containers.orphans() == []

    (tmp_path / "state.json").unlink()

    assert containers.orphans() == ["container", "volume", "network"]


def test_ports_of_others_are_passed_over_whoever_has_them(containers: EmulatorContainers) -> None:
    emulator = containers.start()
    containers.occupy(containers.ports[0])

    with occupied(containers.ports[1]):
        made = emulator.api.create()

    assert made["port"] == containers.ports[2]
    assert containers.count() == (1, 1, 1)
    assert answers(made["url"])


def test_a_port_that_is_taken_is_refused_with_the_reason_where_there_is_no_other(
    containers: EmulatorContainers,
) -> None:
    port = containers.ports[0]
    emulator = containers.start("--ports", str(port))

    with occupied(port):
        refused = emulator.api.call("POST", "/instances.json", json={"plan": "nano"})

    assert (refused.status_code, containers.count()) == (503, (0, 0, 1))
    assert f"The port {port} of the engine's host is taken" in refused.text


def test_a_replica_finds_its_master_by_the_emulators_name(containers: EmulatorContainers) -> None:
    api = containers.start().api
    first = api.create()
    second = api.create(
        slave=True, master_host=containers.name, master_port=str(first["port"]), master_password=first["password"]
    )

    assert ask(first["url"], "SET", "key", "value")
    assert until(lambda: ask(second["url"], "GET", "key")) == "value"
    assert ask(second["url"], "CONFIG", "GET", "replicaof")["replicaof"].startswith("rtgmock-")


@pytest.mark.parametrize("options", [{"hostname": "elsewhere"}, {"network": None}, {"network_mode": "host"}])
def test_it_works_under_any_name_on_the_default_network_and_on_the_hosts(
    containers: EmulatorContainers, options: dict[str, Any]
) -> None:
    if options == {"network": None} and not containers.has_default_network():
        skip_or_fail("bridge", "the engine's default network has no bridge")
    emulator = containers.start(**options)
    made = emulator.api.create()

    assert answers(made["url"])
    [sibling] = containers.siblings()
    assert sibling.attrs["HostConfig"]["PortBindings"]["6379/tcp"][0]["HostIp"] == "127.0.0.1"
    emulator.container.stop()
    assert containers.count() == (1, 1, 0)


def test_the_image_serves_as_it_stands_with_a_redis_of_its_own(containers: EmulatorContainers) -> None:
    emulator = containers.start("--redis", "process", publish=True, group_add=[], volumes=[f"{containers.name}:/data"])
    made = emulator.api.create()

    assert answers(made["url"])
    assert asked(containers, "PING") == f"{containers.name}:{containers.ports[0]}/ True"
    assert emulator.container.exec_run(["rtgmock", "ready"]).exit_code == 0
    assert emulator.container.exec_run(["id", "-un"]).output == b"rtgmock\n"
    assert emulator.container.exec_run(["python", "-m", "pip"]).exit_code != 0
    emulator.container.stop()
    assert emulator.container.wait()["StatusCode"] == 0
