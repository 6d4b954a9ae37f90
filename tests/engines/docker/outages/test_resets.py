"""The Docker engine dies half-way through a reset or a new state: what the answer says, and what is finished later."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from docker.models.containers import Container

from tests.support.agreement import state_on_disk
from tests.support.command import until
from tests.support.control import JSON
from tests.support.redis_client import answers, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Served
    from tests.support.private_engine import PrivateEngine
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures", "tests.support.engine_fixtures"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
TWO = {"instances": [{"plan": "nano"}] * 2}


@contextlib.contextmanager
def after_one_removal(do: Callable[[], object]) -> Iterator[None]:
    """Call ``do`` once the engine has removed a container, before it is asked to remove the next one."""
    remove, lock, asked = Container.remove, threading.Lock(), list[str]()

    def remove_and_do(container: Container, **options: Any) -> None:
        with lock:  # one at a time, as if the engine were slow
            asked.append(str(container.name))
            if len(asked) == 2:
                do()
            remove(container, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Container, "remove", remove_and_do)
        yield
    assert len(asked) > 1


def with_data(emulators: RedisEmulators, count: int) -> Served:
    """Start an emulator with instances that have data."""
    api = emulators.start(state=emulators.state)
    for _ in range(count):
        url = api.create(persistence="aof", appendfsync="always")["url"]
        ask(url, "SET", "key", "of the former life")
    return api


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_reset_in_which_the_engine_dies_says_what_is_left_and_the_next_one_finishes_it(
    emulators: RedisEmulators, private_engine: PrivateEngine, number: int
) -> None:
    api = with_data(emulators, 3)
    with after_one_removal(lambda: private_engine.signal(number)):
        answer = api.post("/_rtgmock/reset", headers=JSON)

    assert answer.status_code == 503
    assert "The state is replaced, but what its old instances have left is not removed yet, of " in answer.text
    assert "nothing has changed" not in answer.text
    assert "the next reset finishes it" in answer.text
    assert api.instance_ids() == []
    assert state_on_disk(emulators.state)["instances"] == []
    while_gone = api.post("/_rtgmock/reset", headers=JSON)
    assert (while_gone.status_code, while_gone.text[:7]) == (503, "Docker ")

    private_engine.start()
    assert api.post("/_rtgmock/reset", headers=JSON).status_code == 200
    assert emulators.nothing_exists()
    assert ask(api.create()["url"], "GET", "key") is None


def test_what_an_engine_that_died_in_a_reset_has_left_is_removed_when_it_is_back(
    emulators: RedisEmulators, private_engine: PrivateEngine
) -> None:
    api = with_data(emulators, 3)
    with after_one_removal(lambda: private_engine.signal(signal.SIGKILL)):
        assert api.post("/_rtgmock/reset", headers=JSON).status_code == 503

    private_engine.start()
    assert until(emulators.nothing_exists)
    assert ask(api.create()["url"], "GET", "key") is None


def test_a_reset_in_which_the_engine_hangs_is_finished_by_the_next_one_when_it_goes_on(
    emulators: RedisEmulators, private_engine: PrivateEngine
) -> None:
    api = with_data(emulators, 3)
    api.emulator.engine._runner._client.api.timeout = 3  # type: ignore[attr-defined]  # in place of a minute
    with contextlib.ExitStack() as pause, after_one_removal(lambda: pause.enter_context(private_engine.paused())):
        answer = api.post("/_rtgmock/reset", headers=JSON)
        assert answer.status_code == 503
        assert "The state is replaced, but what its old instances have left is not removed yet, of " in answer.text
        assert api.instance_ids() == []

    # What the engine was asked for is under way when it is asked again.
    answer = api.post("/_rtgmock/reset", headers=JSON)
    assert answer.status_code == 200, answer.text
    assert emulators.nothing_exists()


def test_instances_of_a_new_state_begin_empty_when_the_engine_that_died_is_back(
    emulators: RedisEmulators, private_engine: PrivateEngine
) -> None:
    api = with_data(emulators, 3)
    with after_one_removal(lambda: private_engine.signal(signal.SIGKILL)):
        answer = api.put("/_rtgmock/state", json=TWO)
    assert answer.status_code == 503
    assert "nothing has changed" not in answer.text
    assert [record["id"] for record in state_on_disk(emulators.state)["instances"]] == [1, 2]
    shown = [api.get(f"/instances/{number}.json").json() for number in (1, 2)]
    assert [instance["status"] for instance in shown] == ["failed", "failed"]
    api.close()  # an emulator that is started later finds what is left, too

    private_engine.start()
    emulators.start(state=emulators.state)
    assert until(lambda: all(answers(instance["url"]) for instance in shown))
    assert [ask(instance["url"], "GET", "key") for instance in shown] == [None, None]
    assert len(emulators.containers()) == len(emulators.volumes()) == 2
