"""The whole state, shown, replaced and reset by the control API."""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from rtgmock.settings.parsers import Credentials
from tests.support.control import control
from tests.support.raw import send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Serve, Served


def test_a_state_can_be_put_into_another_emulator(serve: Serve) -> None:
    one, other = serve(random_seed=1), serve(random_seed=2, ports=range(9500, 9510))
    one.create(label="mongrel")
    one.create(plan="small", snapshots=["60 1"])
    one.delete("/instances/1")
    one.create(plan="mini")
    document = control(one, "GET", "state").json()

    answer = control(other, "PUT", "state", document)

    assert answer.status_code == 200
    assert answer.json() == document
    assert [other.get(f"/instances/{number}.xml").text.replace(other.url, one.url) for number in (2, 3)] == [
        one.get(f"/instances/{number}.xml").text for number in (2, 3)
    ]
    assert other.create()["id"] == 4


def test_a_state_with_a_mistake_changes_noinstance(api: Served) -> None:
    api.create()
    before = control(api, "GET", "state").json()

    answer = control(api, "PUT", "state", {"instances": [{"plan": "nano"}, {"plan": "nono", "lable": "x"}]})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 2
    assert control(api, "GET", "state").json() == before


NO_NAMES: list[object] = [[], {}, [[]], {"name": "username"}, 0, 1.5, True, "", "é\0", "9" * 5000]


@pytest.mark.parametrize("name", NO_NAMES, ids=lambda name: str(name)[:20])
@pytest.mark.parametrize("key", ["account", "server"])
def test_an_account_or_server_that_is_no_name_is_refused(api: Served, key: str, name: object) -> None:
    api.create()
    before = control(api, "GET", "state").json()

    answer = control(api, "PUT", "state", {"instances": [{"plan": "nano", key: name}]})

    assert answer.status_code == 422
    assert key in answer.text
    assert control(api, "GET", "state").json() == before


def test_a_state_that_was_put_is_on_disk(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / "state.json")
    control(first, "PUT", "state", {"instances": [{"plan": "nano", "label": "mine"}]})
    first.emulator.stop()

    second = serve(state=tmp_path / "state.json")

    assert second.get("/instances/1.json").json()["label"] == "mine"


def test_a_reset_empties_the_state_and_ids_begin_at_1_again(api: Served) -> None:
    first = api.create()
    control(api, "POST", "clock", {"freeze": True, "set": "2012-09-21T15:03:44Z"})

    answer = control(api, "POST", "reset")

    assert answer.json()["instances"] == []
    assert api.get("/instances.json").json() == []
    assert api.create() == first
    assert control(api, "GET", "clock").json()["frozen"] is False


def test_a_reset_keeps_the_accounts(serve: Serve) -> None:
    api = serve(accounts=(Credentials("a", "x"), Credentials("b", "y")))
    control(api, "POST", "reset")

    assert api.get("/instances.json").status_code == 200
    assert api.create()["user_id"] == 1


def test_a_reset_leaves_no_state_in_any_part_of_the_emulator(serve: Serve) -> None:
    """All objects of the package that an emulator can reach have the values that they had before it was used."""
    api = serve()
    api.create()
    api.emulator.reset()  # TinyDB opens a table when it is first used
    before = reachable_objects(api.emulator)

    use_every_part(api)
    assert reachable_objects(api.emulator) != before
    api.emulator.reset()
    api.emulator._parts.controls.journal.resets -= 1  # the number of resets tells a client that there was one

    assert reachable_objects(api.emulator) - before == Counter()
    assert before - reachable_objects(api.emulator) == Counter()


def use_every_part(api: Served) -> None:
    """Change something in every part that has state."""
    api.create()
    api.create(plan="small")
    api.put("/instances/1.json", json={"label": "changed"})
    api.delete("/instances/2.json")
    api.get("/instanses")
    control(api, "POST", "clock", {"freeze": True, "set": "2012-09-21T15:03:44Z"})
    control(api, "POST", "instances/1/status", {"status": "failed"})
    api.emulator.fail("GET", "/instances", nth=2, status=500)
    api.get("/instances")
    send(api.url, b"GET http://[ HTTP/1.1\r\n\r\n")


def reachable_objects(root: object) -> Counter[str]:
    """All objects of the package that can be reached from ``root``, with the plain values in them.

    Those of the server are left out, since connections come and go, and so is Flask's application, which keeps the
    error codes that it has looked up. The globals of other packages are not entered: they lead to every module.
    """
    objects: Counter[str] = Counter()
    others = [vars(module) for name, module in sys.modules.items() if name.partition(".")[0] != "rtgmock"]
    # The objects themselves are kept, too: the id of one that is freed may become another one's, which the server's
    # thread or this walk makes, and all behind that would be missing.
    seen: dict[int, object] = {id(known): known for known in (root, *others)}
    waiting = [root]
    while waiting:
        instance = waiting.pop()
        kind = type(instance)
        if kind.__module__.startswith("rtgmock.") and not (
            kind.__module__.startswith("rtgmock.server.") or isinstance(instance, Flask)
        ):
            objects[f"{kind.__qualname__} {dict(plain_values(instance))}"] += 1
        for other in gc.get_referents(instance):
            if id(other) not in seen and not isinstance(other, type | types.ModuleType | types.FrameType):
                seen[id(other)] = other
                waiting.append(other)
    return objects


def plain_values(instance: object) -> Iterator[tuple[str, Any]]:
    for name, value in getattr(instance, "__dict__", {}).items():
        if isinstance(value, str | int | float | bool | dict | list | tuple | set | None):
            yield name, simplified(value)


def simplified(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): simplified(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [simplified(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__
