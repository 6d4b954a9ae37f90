"""A Redis that cannot be started: a sentence that says why, and nothing is left of the attempt."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.instances import only_process
from tests.support.ports import occupied
from tests.support.redis_client import answers, ask, config, connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def first(ports: Iterable[int]) -> int | None:
    """Take every port for a free one."""
    return next(iter(ports), None)


def test_a_value_that_the_redis_refuses_in_a_create_leaves_nothing(
    emulators: RedisEmulators, refused_setting: dict[str, Any]
) -> None:
    api = emulators.start(state=emulators.state)

    answer = api.post(
        "/instances.json",
        json={"plan": "nano", "password": "pass-w", **refused_setting},
    )

    assert answer.status_code == 503
    assert "pass-w" not in answer.text
    assert emulators.nothing_exists()
    assert api.get("/instances.json").json() == []


@pytest.mark.parametrize("writes", [0, 1])
def test_a_state_file_that_cannot_be_written_leaves_nothing_of_a_create(
    emulators: RedisEmulators, broken_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    api = emulators.start(state=emulators.state)

    broken_disk(writes)
    answer = api.post("/instances.json", json={"plan": "nano"})
    monkeypatch.undo()

    assert answer.status_code == 500
    assert emulators.nothing_exists()
    assert api.get("/instances.json").json() == []
    made = api.create()
    assert made["port"] == emulators.ports[0]
    assert answers(made["url"])


def test_a_port_that_was_taken_in_between_is_a_503_that_says_so(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    monkeypatch.setattr(api.emulator.engine, "free_port", first)

    with occupied(emulators.ports[0]):
        answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "in use" in answer.text.lower()
    assert str(emulators.ports[0]) in answer.text
    assert emulators.nothing_exists()
    assert answers(api.create()["url"])


def test_a_port_that_somebody_takes_after_the_look_is_left_for_the_next_one(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    engine, first_looks = api.emulator.engine, iter([emulators.ports[0]])
    free_port = engine.free_port
    monkeypatch.setattr(engine, "free_port", lambda ports: next(first_looks, None) or free_port(ports))

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
    monkeypatch.setattr(api.emulator.engine, "free_port", first)

    begun = time.monotonic()
    with occupied(emulators.ports[0], silently=True):
        answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert time.monotonic() - begun < 9
    assert emulators.nothing_exists()


def leave_alone(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an emulator bring no Redis back that its instance's URL no longer opens."""
    monkeypatch.setattr(api.emulator._parts.supervisor, "see_to", lambda number: None)


@only_process
def test_another_redis_on_the_port_is_never_taken_for_the_instances(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = emulators.serve(redis="process", ports=emulators.ports)
    foreign = other.create()
    leave_alone(other, monkeypatch)
    open_url = f"redis://127.0.0.1:{foreign['port']}"
    with connection(foreign["url"]) as client:
        client.config_set("requirepass", "")
        client.set("key", "value")
    api = emulators.start()
    monkeypatch.setattr(api.emulator.engine, "free_port", first)

    answer = api.post("/instances.json", json={"plan": "mini"})

    assert answer.status_code == 503
    assert ask(open_url, "GET", "key") == "value"


@only_process
def test_another_redis_that_has_taken_an_instances_port_meanwhile_is_left_as_it_is(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = emulators.start(state=emulators.state)
    made = first.create(plan="mini")
    ask(made["url"], "SET", "key", "ours")
    first.close()
    other = emulators.serve(redis="process", ports=emulators.ports)
    foreign = other.create()
    leave_alone(other, monkeypatch)
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
    ("text", "reason"),
    [
        ("#!/bin/sh\necho first; echo no such luck >&2; exit 1\n", "no such luck"),
        ("#!/bin/sh\nexit 1\n", "did not start"),
        ("\x7fELF nonsense", "cannot be started"),
        ("#!/nonexistent/interpreter\n", "cannot be started"),
    ],
)
def test_a_server_program_that_ends_at_once_is_a_503_that_says_so(
    emulators: RedisEmulators, text: str, reason: str
) -> None:
    api = emulators.start(redis_server=script(emulators.folder, "#!/bin/sh\n"))
    script(emulators.folder, text)  # only now, since one that cannot be run at all stops the start

    answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert reason in answer.text
    assert ends_with_one_full_stop(answer.text)
    assert emulators.nothing_exists()
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
