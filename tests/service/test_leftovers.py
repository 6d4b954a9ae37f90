"""What instances that are gone have left: it is destroyed later, and never what belongs to one that lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import EngineFailed, InternalError
from rtgmock.storage.store import Store
from tests.support.slow_engine import DEADLINE, STATE_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.slow_engine import SlowService

TWO = {"instances": [{"plan": "nano"}, {"plan": "nano"}]}


class Refusing:
    """Makes an engine refuse to destroy some ids, and notes which ids it has destroyed."""

    def __init__(self, service: SlowService, *ids: int) -> None:
        self.ids, self.destroyed = set(ids), list[int]()
        self._destroy = service.engine.destroy
        service.engine.destroy = self  # type: ignore[method-assign]

    def __call__(self, instance_id: int) -> None:
        if instance_id in self.ids:
            raise EngineFailed("Docker does not answer: it is asleep")
        self._destroy(instance_id)
        self.destroyed.append(instance_id)


def restart(start_service: Callable[..., SlowService], before: SlowService, **settings: Any) -> SlowService:
    """Start use cases on the state of others, which have ended at once; their engine has what the others' has left."""
    before.store._storage.abandon()
    service = start_service(**settings)
    service.engine.running = set(before.engine.running)
    return service


def noted(service: SlowService) -> set[int] | None:
    """Return the ids that the store keeps for an engine."""
    return service.store.leftovers()[service.engine.name]


def fail(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_record_of_a_deleted_instance_is_gone_before_its_redis(service: SlowService) -> None:
    service.create()
    checkpoint = service.engine.checkpoint("destroy", 1)

    deletion = service.run_until(checkpoint, service.destroy, 1)

    assert service.store.instances() == []
    assert service.engine.running == {1}
    checkpoint.opened.set()
    deletion.result(DEADLINE)
    assert service.engine.running == set()


def test_a_delete_that_cannot_be_stored_touches_no_redis(
    start_service: Callable[..., SlowService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service(state=tmp_path / "state.json")
    service.create()
    refusing = Refusing(service)

    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", fail)
        with pytest.raises(InternalError):
            service.destroy(1)

    assert (refusing.destroyed, service.engine.running) == ([], {1})
    assert service.status(1) == "running"


def test_what_a_deleted_instance_leaves_is_destroyed_later(
    service: SlowService, caplog: pytest.LogCaptureFixture
) -> None:
    service.create()
    refusing = Refusing(service, 1)

    service.destroy(1)

    assert service.store.instances() == []
    assert service.supervisor.leftovers() == {1}
    with pytest.raises(EngineFailed):
        service.supervisor.see_to(1)
    assert caplog.messages == [
        "what is left of the Redis of instance 1 could not be removed yet: Docker does not answer: it is asleep"
    ]
    refusing.ids.clear()
    service.supervisor.see_to(1)
    assert service.engine.running == service.supervisor.leftovers() == set()


def test_what_a_deleted_instance_leaves_is_destroyed_after_a_restart(
    start_service: Callable[..., SlowService], tmp_path: Path
) -> None:
    first = start_service(state=tmp_path / "state.json")
    first.create()
    first.create()
    Refusing(first, 1)
    first.destroy(1)

    second = restart(start_service, first, state=tmp_path / "state.json")
    second.supervisor.recover()

    assert second.engine.running == {2}


@pytest.mark.parametrize("crash", [False, True])
def test_an_id_that_lives_again_gets_no_redis_until_that_of_its_former_life_is_destroyed(
    start_service: Callable[..., SlowService], tmp_path: Path, *, crash: bool
) -> None:
    service = start_service(state=tmp_path / "state.json")
    service.create()
    service.create()
    refusing = Refusing(service, 1)

    with pytest.raises(EngineFailed) as raised:
        service.maintenance.load(TWO)

    assert str(raised.value) == (
        "The state is replaced, but what its old instances have left is not removed yet, of 1: Docker does not answer: "
        "it is asleep; this is tried again, and the next reset finishes it."
    )
    assert "nothing has changed" not in str(raised.value)
    assert [service.status(number) for number in (1, 2)] == ["failed", "running"]
    if crash:
        service = restart(start_service, service, state=tmp_path / "state.json")
        refusing = Refusing(service)
        service.supervisor.recover()
    else:
        refusing.ids.clear()
        refusing.destroyed.clear()
        service.supervisor.see_to(1)
    assert refusing.destroyed == [1]
    assert [service.status(number) for number in (1, 2)] == ["running", "running"]

    for number in (1, 2, 3):
        service.supervisor.see_to(number)
    assert refusing.destroyed == [1]
    again = restart(start_service, service, state=tmp_path / "state.json")
    refusing = Refusing(again)
    again.supervisor.recover()
    assert (refusing.destroyed, again.engine.running) == ([], {1, 2})


def test_the_next_reset_finishes_one_that_the_engine_has_refused_half_way(service: SlowService) -> None:
    for _ in range(3):
        service.create()
    refusing = Refusing(service, 2)
    now = service.context.clock.now()
    with pytest.raises(EngineFailed, match="of 2: "):
        service.maintenance.reset(now)
    assert service.store.instances() == []
    assert service.engine.running == {2}

    refusing.ids.clear()
    service.maintenance.reset(now)

    assert service.engine.running == service.supervisor.leftovers() == noted(service) == set()


def test_a_create_with_the_id_of_a_former_life_destroys_what_that_has_left(service: SlowService) -> None:
    service.create()
    refusing = Refusing(service, 1)
    with pytest.raises(EngineFailed):
        service.maintenance.reset(service.context.clock.now())
    with pytest.raises(EngineFailed, match="asleep"):
        service.create()
    assert service.store.instances() == []
    refusing.ids.clear()
    refusing.destroyed.clear()
    refusing.ids.add(1)
    with pytest.raises(EngineFailed):
        service.maintenance.reset(service.context.clock.now())
    refusing.ids.clear()

    assert service.create()["id"] == 1

    assert refusing.destroyed == [1]
    service.supervisor.see_to(1)
    assert refusing.destroyed == [1]
    assert service.status(1) == "running"


def test_a_removal_that_began_before_a_create_does_not_destroy_what_that_has_made(service: SlowService) -> None:
    service.context.leftovers.add([1])
    checkpoint = service.engine.checkpoint("destroy", 1)
    removal = service.run_until(checkpoint, service.supervisor.see_to, 1)
    creation = service.run(service.create)

    checkpoint.opened.set()
    removal.result(DEADLINE)

    assert creation.result(DEADLINE)["id"] == 1
    assert service.engine.running == {1}


def test_while_the_store_cannot_forget_what_was_destroyed_no_redis_is_started_for_its_id(
    start_service: Callable[..., SlowService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service(state=tmp_path / "state.json")
    service.create()
    checkpoint = service.engine.checkpoint("destroy", 1)
    loading = service.run_until(checkpoint, service.maintenance.load, TWO)

    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", fail)
        checkpoint.opened.set()
        with pytest.raises(EngineFailed, match="of 1: the state file cannot be written"):
            loading.result(DEADLINE)
        assert (service.status(1), service.engine.running) == ("failed", {2})

    service.supervisor.see_to(1)
    assert service.engine.running == {1, 2}
    assert noted(service) == set()


def test_a_state_whose_file_was_removed_does_not_give_its_data_to_a_fixture(
    start_service: Callable[..., SlowService], tmp_path: Path
) -> None:
    fixture = tmp_path / "fixture.json"
    fixture.write_text('{"instances": [{"plan": "nano"}]}')
    service = start_service(fixture=fixture)
    service.engine.running |= {1, 7}
    refusing = Refusing(service)

    service.maintenance.load_fixture()
    service.supervisor.recover()

    assert sorted(refusing.destroyed) == [1, 7]
    assert service.engine.running == {1}


def test_what_is_left_is_noted_by_engine_in_the_state_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    store = Store.open(path, STATE_ID)
    with store.transaction() as change:
        change.put_leftovers("process", [7, 3])
    store.close()
    store = Store.open(path, STATE_ID)
    assert store.leftovers() == {"process": {3, 7}}
    with store.transaction() as change:
        change.replace(store.state(), "docker", [4])
    assert store.leftovers() == {"process": None, "docker": {4}}
    with store.transaction() as change:
        change.replace(store.state(), "docker", [5])
    assert store.leftovers() == {"process": None, "docker": {4, 5}}
    with store.transaction() as change:
        change.replace(store.state())
    store.close()
    store = Store.open(path, STATE_ID)
    assert store.leftovers() == {"process": None, "docker": None}
    store.close()


@pytest.mark.parametrize("is_stored", [True, False])
@pytest.mark.parametrize("other", ["process", "off"])
def test_a_redis_from_before_a_reset_under_another_engine_is_not_given_to_a_new_life_of_its_id(
    start_service: Callable[..., SlowService],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    other: str,
    *,
    is_stored: bool,
) -> None:
    path = tmp_path / "state.json"
    first = start_service(state=path)
    first.engine.name = "docker"
    first.supervisor.recover()
    for _ in range(2):
        first.create()
    between = restart(start_service, first, state=path)
    between.engine.name, between.engine.real, between.engine.running = other, other != "off", set()
    if between.engine.real:
        between.supervisor.recover()
    between.maintenance.load({"instances": [{"plan": "nano"}] * 3})

    last = restart(start_service, between, state=path)
    last.engine.name, last.engine.running = "docker", {1, 2}
    refusing = Refusing(last)
    if is_stored:
        last.supervisor.recover()
    else:
        with monkeypatch.context() as patch:
            patch.setattr("os.fdatasync", fail)
            last.supervisor.recover()
        # Until the store knows that all of the former life is destroyed, nothing begins that it could be taken for.
        assert (last.engine.running, last.status(3)) == (set(), "failed")
        for number in (1, 2, 3):
            last.supervisor.see_to(number)

    assert sorted(refusing.destroyed) == sorted([1, 2, 3] * (1 if is_stored else 2))
    assert last.engine.running == {1, 2, 3}
    again = restart(start_service, last, state=path)
    again.engine.name = "docker"
    refusing = Refusing(again)
    again.supervisor.recover()
    assert (refusing.destroyed, again.engine.running) == ([], {1, 2, 3})


@pytest.mark.parametrize("other", ["process", "off"])
def test_what_another_engine_has_left_is_logged_with_the_command_that_removes_it(
    start_service: Callable[..., SlowService], tmp_path: Path, caplog: pytest.LogCaptureFixture, other: str
) -> None:
    path = tmp_path / "a state.json"
    first = start_service(state=path)
    first.engine.name = "docker"
    first.supervisor.recover()
    first.create()
    first.create()
    Refusing(first, 2)
    first.destroy(2)
    caplog.clear()

    second = restart(start_service, first, state=path)
    second.engine.name = other
    second.supervisor.report_other_engines()
    second.maintenance.load(TWO)
    third = restart(start_service, second, state=path)
    third.engine.name = other
    third.supervisor.report_other_engines()

    command = f"to have that removed, start it once: rtgmock serve --redis docker --state '{path}'"
    elsewhere = (
        f"the data of the instances is in docker, and is not seen with {other}; it is kept, and is there again with: "
        f"rtgmock serve --redis docker --state '{path}'"
    )
    assert caplog.messages == [
        f"the engine docker still has what is left of the Redis of former instances, of 2; {command}",
        elsewhere,
        f"the engine docker may have Redis servers and data of an earlier state; {command}",
    ]
    last = restart(start_service, third, state=path)
    last.engine.name = "docker"
    last.supervisor.report_other_engines()
    assert not [message for message in caplog.messages[3:] if "the engine docker" in message]
