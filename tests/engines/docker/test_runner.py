"""Redis servers in containers: containers removed or stopped by hand, limits, and what a dead emulator has left."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

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
