"""Redis servers in containers: containers removed or stopped by hand, limits, and what a dead emulator has left."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from rtgmock.engines.docker.archive import archive_file
from tests.support.instances import is_revived, only_docker
from tests.support.redis_client import answers, ask, run_id
from tests.support.redis_emulators import IMAGE, INSTANCE, LABEL, STATE

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


@only_docker
def test_a_container_that_was_removed_by_hand_comes_back_with_its_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create(plan="mini")
    ask(made["url"], "SET", "key", "value")

    emulators.container(1).remove(force=True)

    assert is_revived(api, made["url"])
    assert ask(made["url"], "GET", "key") == "value"


@only_docker
def test_a_container_that_was_stopped_by_hand_comes_back_with_its_data(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()
    ask(made["url"], "SET", "key", "value")

    emulators.container(1).stop(timeout=5)

    assert is_revived(api, made["url"])
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


@only_docker
def test_what_has_a_name_of_ours_without_our_label_is_never_removed_and_the_create_says_so(
    emulators: RedisEmulators,
) -> None:
    api = emulators.start()
    first, second = (f"rtgmock-{api.emulator.store.state_id}-{number}" for number in (1, 2))
    client = emulators.docker
    with contextlib.ExitStack() as stack:
        volume = client.volumes.create(second)
        stack.callback(volume.remove)
        container = client.containers.create(IMAGE, name=first, labels={LABEL: "yes", STATE: "feedfeedfeed"})
        emulators.states.add("feedfeedfeed")
        stack.callback(container.remove, force=True, v=True)

        answers = [api.post("/instances.json", json={"plan": "nano"}) for _ in range(2)]
        api.close()

        container.reload()
        volume.reload()

    assert [answer.status_code for answer in answers] == [503, 503]
    for named, answer in zip((f"container {first}", f"volume {second}"), answers, strict=True):
        assert f"The {named} is left alone, since it lacks the label {STATE}=" in answer.text


@only_docker
def test_a_network_of_others_that_has_a_name_of_ours_is_not_used(emulators: RedisEmulators) -> None:
    api = emulators.start()
    network = emulators.docker.networks.create(f"rtgmock-{api.emulator.store.state_id}")
    with contextlib.ExitStack() as stack:
        stack.callback(network.remove)

        answer = api.post("/instances.json", json={"plan": "nano"})
        api.close()

        network.reload()
    assert answer.status_code == 503
    assert f"The network {network.name} is left alone" in answer.text


@only_docker
def test_a_redis_that_cannot_save_does_not_delay_a_stop(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    ask(api.create(persistence="snapshot")["url"], "SET", "key", "value")
    emulators.container(1).put_archive("/data", archive_file("dump.rdb/full", b"a folder in the way of the snapshot"))

    begun = time.monotonic()
    assert command.stop() == 0

    assert time.monotonic() - begun < 5
    assert "the Redis of instance 1 cannot save its data (Is a directory) and was killed" in command.err
