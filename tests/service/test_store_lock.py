"""Nothing is asked of an engine while the store's lock is held: an engine that hangs would stop every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.engines.base import Engine, RedisAction
from rtgmock.errors import EngineFailed, Invalid
from rtgmock.model.lifecycle import BootDelay, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.slow_engine import SlowService

METHODS = [name for name, value in vars(Engine).items() if callable(value) and not name.startswith("_")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, start_service: Callable[..., SlowService]) -> Callable[..., SlowService]:
    """Starts use cases whose engine fails the test if it is asked anything while the store's lock is held."""

    def watch(service: SlowService, name: str) -> None:
        method = getattr(service.engine, name)

        def checked(*arguments: Any, **values: Any) -> Any:
            assert service.store._storage._writer is None, f"{name} was called under the store's lock"
            service.calls.append(name)
            return method(*arguments, **values)

        monkeypatch.setattr(service.engine, name, checked)

    def start(**settings: Any) -> SlowService:
        service = start_service(**settings)
        for name in METHODS:
            watch(service, name)
        return service

    return start


def test_the_engine_is_never_asked_under_the_store_s_lock(asked: Callable[..., SlowService]) -> None:
    service = asked(boot_delay=BootDelay(reads=2))
    service.supervisor.recover()
    service.create("mini")
    service.update(1, timeout=7)
    service.update(1, plan="small")
    service.update(1, plan="nano")
    service.provisioner.list(service.account)
    service.status(1)
    service.supervisor.set_status(1, Status.FAILED)
    service.supervisor.perform(1, RedisAction.STOP, 0)
    service.supervisor.perform(1, RedisAction.START, 0)
    service.engine.running.clear()
    service.supervisor.see_to(1)
    service.destroy(1)
    service.maintenance.load({"instances": [{"plan": "nano"}]})
    service.maintenance.reset_account(service.account)
    service.maintenance.reset(service.context.clock.now())

    assert {"free_port", "start", "apply", "used_memory", "perform", "destroy"} <= set(service.calls)


def test_it_is_not_asked_under_the_lock_either_when_a_start_fails(
    asked: Callable[..., SlowService], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = asked()
    failures = iter([EngineFailed("the port is taken")])
    start, free_port = service.engine.start, service.engine.free_port

    def fail_once(record: Any, account: str) -> str:
        for failure in failures:
            raise failure
        return start(record, account)

    monkeypatch.setattr(service.engine, "start", fail_once)
    monkeypatch.setattr(
        service.engine, "free_port", lambda ports: None if isinstance(ports, list) else free_port(ports)
    )

    assert service.create()["id"] == 1


def test_the_engine_is_asked_for_a_free_port_once(asked: Callable[..., SlowService]) -> None:
    service = asked(ports=range(9001, 9006))
    for _ in range(4):
        service.create()
    service.calls.clear()

    assert service.create()["port"] == 9005
    with pytest.raises(Invalid, match="all of 9001-9005 are taken"):
        service.create()

    assert service.calls.count("free_port") == 2


def test_of_two_creates_that_find_the_same_port_one_looks_again(
    asked: Callable[..., SlowService], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = asked()
    free_port, finds = service.engine.free_port, iter([True])

    def overtaken(ports: Any) -> int | None:
        port = free_port(ports)
        if next(finds, False):
            service.create()
        return port

    monkeypatch.setattr(service.engine, "free_port", overtaken)

    assert service.create()["port"] != service.store.instances()[0]["port"]
    assert len({record["port"] for record in service.store.instances()}) == 2


def test_a_change_that_is_refused_asks_nothing(asked: Callable[..., SlowService]) -> None:
    service = asked()
    service.create("mini")
    service.calls.clear()

    with pytest.raises(Invalid):
        service.update(1, plan="nano", timeout=7)

    assert "used_memory" not in service.calls
