"""The reset of one account: what it had goes, what the start gave it comes back, and others notice nothing."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import EngineFailed, InternalError, Invalid
from rtgmock.model.types import MAX_LENGTH
from rtgmock.storage.change_journal import ChangeJournal
from rtgmock.storage.store import Store
from tests.support.slow_engine import DEADLINE, STATE_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtgmock.model.types import Record
    from tests.support.slow_engine import SlowService

    Start = Callable[..., SlowService]

FIXTURE = {
    "servers": ["ray"],
    "instances": [
        {"plan": "nano", "account": "ann"},
        {"plan": "mini", "account": "bob", "port": 9050, "password": "of-bob"},
        {"plan": "nano", "account": "bob", "label": "mine"},
    ],
}


@pytest.fixture
def service(start_service: Start) -> SlowService:
    return start_service(accounts="any")


@pytest.fixture
def with_fixture(start_service: Start, tmp_path: Path) -> SlowService:
    """Use cases that begin with the fixture, and its Redis servers."""
    return begin(start_service, tmp_path)


def begin(start_service: Start, folder: Path, **settings: Any) -> SlowService:
    (folder / "fixture.json").write_text(json.dumps(FIXTURE))
    service = start_service(**{"accounts": "any", "fixture": folder / "fixture.json", **settings})
    service.maintenance.load_fixture()
    service.supervisor.recover()
    return service


def create(service: SlowService, account: str) -> Record:
    return service.provisioner.create(account, {"plan": "nano"})


def reset(service: SlowService, account: str) -> None:
    service.maintenance.reset_account(account)


def ids(service: SlowService, account: str) -> list[int]:
    return [record["id"] for record in service.store.instances(account)]


def fail(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_instances_of_one_account_go_with_their_servers(service: SlowService) -> None:
    for account in ("ann", "bob", "ann"):
        create(service, account)
    before = service.store.instances("bob")

    reset(service, "ann")

    assert (ids(service, "ann"), service.store.instances("bob")) == ([], before)
    assert service.engine.running == {2}
    assert create(service, "ann")["id"] == 4
    assert service.supervisor.leftovers() == set()


@pytest.mark.parametrize("account", ["bob", "nobody"])
def test_an_account_without_instances_can_be_reset_and_nothing_is_written(
    start_service: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    service = start_service(accounts=("any", "bob:x"), state=tmp_path / "state.json")
    create(service, "ann")
    written: list[object] = []
    monkeypatch.setattr(ChangeJournal, "append", lambda _, changes, base: written.append(changes))

    reset(service, account)

    assert written == []
    assert ids(service, "ann") == [1]


def test_what_the_fixture_gave_the_account_comes_back(with_fixture: SlowService) -> None:
    service, before = with_fixture, with_fixture.store.instances("bob")
    service.provisioner.destroy("bob", 2)
    service.provisioner.update("bob", 3, {"label": "changed"})
    service.provisioner.destroy("ann", 1)
    create(service, "bob")
    service.engine.running.add(2)  # something that has been left

    reset(service, "bob")

    given = ("id", "port", "label", "server_id", "user_id", "plan", "status")
    after = service.store.instances("bob")
    assert [[record[name] for name in given] for record in after] == [
        [record[name] for name in given] for record in before
    ]
    assert after[0]["password"] == "of-bob"
    assert ids(service, "ann") == []
    assert service.engine.running == {2, 3}
    assert create(service, "ann")["id"] == 5


def test_an_instance_of_the_settings_comes_back_with_its_url(start_service: Start) -> None:
    service = start_service(accounts="any", instances=["nano:secret-one@9007", "mini"])
    service.supervisor.recover()
    service.wanted.provide()
    before = service.store.instances("username")
    service.provisioner.destroy("username", before[0]["id"])
    service.provisioner.destroy("username", before[1]["id"])
    foreign = [create(service, "ann")["port"] for _ in range(3)]

    reset(service, "username")

    url = ("port", "password", "plan")
    after = service.store.instances("username")
    assert {tuple(record[name] for name in url) for record in after} == {
        tuple(record[name] for name in url) for record in before
    }
    assert not {record["port"] for record in before} & {*foreign}
    assert service.engine.running == {record["id"] for record in service.store.instances()}


def test_a_port_of_the_start_is_given_to_another_account_last(start_service: Start, tmp_path: Path) -> None:
    service = begin(start_service, tmp_path, ports=range(9049, 9054))
    assert [record["port"] for record in service.store.instances()] == [9049, 9050, 9051]
    for number in (2, 3):
        service.provisioner.destroy("bob", number)

    assert [create(service, "eve")["port"] for _ in range(2)] == [9051, 9052]
    reset(service, "bob")
    assert [record["port"] for record in service.store.instances("bob")] == [9050, 9053]
    service.provisioner.destroy("bob", 2)
    assert create(service, "eve")["port"] == 9050
    with pytest.raises(Invalid, match="the port 9050 of the account's first instances is that of another"):
        reset(service, "bob")


def test_without_a_free_port_nothing_is_reset(start_service: Start, tmp_path: Path) -> None:
    service = begin(start_service, tmp_path, ports=range(9049, 9052))
    service.provisioner.destroy("bob", 3)
    create(service, "eve")
    before = service.store.instances()

    with pytest.raises(Invalid, match="all of 9049-9051 are taken"):
        reset(service, "bob")

    assert service.store.instances() == before


def test_an_instance_whose_port_is_anothers_now_gets_another_and_the_label_of_that(
    start_service: Start, tmp_path: Path
) -> None:
    service = begin(start_service, tmp_path)
    service.provisioner.destroy("ann", 1)
    port = create(service, "eve")["port"]
    assert port == 9001

    reset(service, "ann")

    [record] = service.store.instances("ann")
    assert (record["id"], record["port"], record["label"]) == (1, 9003, "ray-9003")


@pytest.mark.parametrize(
    ("row", "what"),
    [({"id": 2}, "the id 2"), ({"id": 7, "port": 9050}, "the port 9050")],
)
def test_an_id_or_a_known_port_that_is_anothers_now_is_not_given_silently(
    with_fixture: SlowService, row: dict[str, Any], what: str
) -> None:
    with_fixture.maintenance.load({"instances": [{"plan": "nano", "account": "eve", **row}]})
    before = with_fixture.store.state()

    with pytest.raises(Invalid) as raised:
        reset(with_fixture, "bob")

    assert str(raised.value) == (
        f"{what} of the account's first instances is that of another account's instance now; reset everything"
    )
    assert with_fixture.store.state() == before


@pytest.mark.parametrize(
    ("accounts", "account", "message"),
    [
        (("ann:x", "bob:y"), "eve", "account eve is not known; accepted are ann, bob"),
        ("any", "n" * (MAX_LENGTH + 1), f"account is too long (maximum is {MAX_LENGTH} characters)"),
        ("any", "a\u2028", "account has a character that cannot be printed"),
    ],
)
def test_an_unknown_account_is_refused(start_service: Start, accounts: Any, account: str, message: str) -> None:
    service = start_service(accounts=accounts)

    with pytest.raises(Invalid) as raised:
        reset(service, account)

    assert raised.value.messages == (message,)


def test_a_reset_waits_for_the_account_s_creates_and_then_takes_them_away(service: SlowService) -> None:
    checkpoint = service.engine.checkpoint("start", 1)
    creation = service.run_until(checkpoint, create, service, "ann")
    resetting = service.run(reset, service, "ann")

    checkpoint.opened.set()
    assert creation.result(DEADLINE)["id"] == 1
    resetting.result(DEADLINE)

    assert (service.store.instances(), service.engine.running) == ([], set())


@pytest.mark.parametrize("operation", ["start", "apply", "destroy"])
def test_a_reset_does_not_wait_for_what_others_do(service: SlowService, operation: str) -> None:
    create(service, "bob")
    create(service, "ann")
    work: dict[str, Callable[[], Any]] = {
        "start": lambda: create(service, "bob"),
        "apply": lambda: service.provisioner.update("bob", 1, {"timeout": 7}),
        "destroy": lambda: service.provisioner.destroy("bob", 1),
    }
    checkpoint = service.engine.checkpoint(operation, 3 if operation == "start" else 1)
    others = service.run_until(checkpoint, work[operation])

    service.run(reset, service, "ann").result(DEADLINE / 2)

    assert not others.done()
    checkpoint.opened.set()
    others.result(DEADLINE)
    assert ids(service, "ann") == []


def test_others_do_not_wait_for_a_reset(service: SlowService) -> None:
    for account in ("ann", "bob"):
        create(service, account)
    checkpoint = service.engine.checkpoint("destroy", 1)
    resetting = service.run_until(checkpoint, reset, service, "ann")

    def use() -> None:
        made = create(service, "bob")
        service.provisioner.update("bob", made["id"], {"timeout": 7})
        service.provisioner.destroy("bob", made["id"])
        reset(service, "bob")
        assert service.provisioner.list("ann") == []

    service.run(use).result(DEADLINE / 2)
    assert not resetting.done()
    checkpoint.opened.set()
    resetting.result(DEADLINE)


@pytest.mark.parametrize("crash", [False, True])
def test_what_the_engine_refuses_to_remove_is_told_and_removed_later(
    start_service: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, crash: bool
) -> None:
    service = begin(start_service, tmp_path, state=tmp_path / "state.json")
    destroy, refused = service.engine.destroy, {2}

    def refuse(instance_id: int) -> None:
        if instance_id in refused:
            raise EngineFailed("Docker does not answer: it is asleep")
        destroy(instance_id)

    monkeypatch.setattr(service.engine, "destroy", refuse)
    with pytest.raises(EngineFailed) as raised:
        reset(service, "bob")

    assert str(raised.value) == (
        "The account bob is reset, but what its old instances have left is not removed yet, of 2: Docker does not "
        "answer: it is asleep; this is tried again."
    )
    assert [service.provisioner.get("bob", number)["status"] for number in (2, 3)] == ["failed", "running"]
    assert service.store.leftovers()[service.engine.name] == {2}
    if crash:
        service.store._storage.abandon()
        again = start_service(accounts="any", state=tmp_path / "state.json")
        again.engine.running = set(service.engine.running)
        destroyed: list[int] = []
        monkeypatch.setattr(again.engine, "destroy", destroyed.append)
        again.supervisor.recover()
        assert destroyed == [2]
        service = again
    else:
        refused.clear()
        service.supervisor.see_to(2)
    assert service.provisioner.get("bob", 2)["status"] == "running"
    assert service.supervisor.leftovers() == set()


def test_a_reset_that_cannot_be_stored_changes_nothing(
    start_service: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = begin(start_service, tmp_path, state=tmp_path / "state.json")
    create(service, "bob")
    before, done = service.store.state(), list[str]()

    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", fail)
        with pytest.raises(InternalError):
            service.maintenance.reset_account("bob", lambda: done.append("others"))

    assert (service.store.state(), done, service.engine.running) == (before, [], {1, 2, 3, 4})
    reset(service, "bob")
    assert ids(service, "bob") == [2, 3]


def test_an_engine_that_is_away_is_noticed_before_anything_is_changed(
    with_fixture: SlowService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise EngineFailed("Docker does not answer")

    before = with_fixture.store.state()
    monkeypatch.setattr(with_fixture.engine, "check", away)

    with pytest.raises(EngineFailed, match=r"^Docker does not answer\.$"):
        reset(with_fixture, "bob")

    assert with_fixture.store.state() == before


def test_what_another_engine_has_of_an_id_is_not_given_to_the_instance_that_comes_back(
    start_service: Start, tmp_path: Path
) -> None:
    first = begin(start_service, tmp_path, state=tmp_path / "state.json")
    first.engine.name = "docker"
    first.supervisor.recover()
    first.store.close()
    between = start_service(accounts="any", state=tmp_path / "state.json", fixture=tmp_path / "fixture.json")
    between.engine.name, between.engine.real = "off", False
    reset(between, "bob")

    assert between.store.leftovers()["docker"] == {2, 3}


def test_many_threads_of_many_accounts_get_what_is_theirs(start_service: Start, tmp_path: Path) -> None:
    service = begin(start_service, tmp_path, state=tmp_path / "state.json", ports=range(9001, 9400))

    def work(account: str) -> list[int]:
        chance, own = random.Random(account), list[int]()
        for _ in range(30):
            if chance.random() < 0.2:
                reset(service, account)
                own = []
            elif own and chance.random() < 0.3:
                service.provisioner.destroy(account, own.pop(chance.randrange(len(own))))
            else:
                own.append(create(service, account)["id"])
            assert sorted(ids(service, account)) == sorted(own)
        return own

    names = [f"worker-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        kept = dict(zip(names, pool.map(work, names), strict=True))

    assert len(ids(service, "ann")) + len(ids(service, "bob")) == 3
    expected = {number for own in kept.values() for number in own}
    assert service.engine.running == expected | {1, 2, 3}
    service.store._storage.abandon()
    store = Store.open(tmp_path / "state.json", STATE_ID)
    assert {name: [record["id"] for record in store.instances(name)] for name in names} == kept
    store.close()


def test_resets_of_one_account_by_many_threads_end(service: SlowService) -> None:
    def work(number: int) -> None:
        for _ in range(10):
            create(service, "ann")
            reset(service, "ann")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert (service.store.instances(), service.engine.running) == ([], set())
