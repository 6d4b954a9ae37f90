"""The store: what it keeps of instances, servers and accounts, and which files it refuses."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from tinydb import TinyDB

from rtgmock.errors import StartupError
from rtgmock.model import attributes
from rtgmock.model.instances import new_instance
from rtgmock.model.plans import PLANS
from rtgmock.settings.parsers import Credentials
from rtgmock.storage.store import Server, Store
from rtgmock.storage.tables import FORMAT

STATE_ID = "5eed"

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rtgmock.model.types import Record
    from tests.conftest import Serve, Served

    Tables = dict[str, Any]


def a_record(**attributes_given: Any) -> Record:
    assigned: Record = {
        "id": 1,
        "user_id": 1,
        "server_id": 1,
        "port": 9001,
        "label": "ray-9001",
        "password": "0123456789abcdef0123456789abcdef",
        "config_command": "0123456789abcdef0123456789abcdef",
        "status": "running",
        "created_at": "2010-12-20T00:35:22Z",
        "updated_at": "2010-12-20T00:35:22Z",
    }
    return new_instance(PLANS["nano"], attributes.DOCUMENTED, assigned) | attributes_given


def tables() -> Tables:
    """What a state file with one instance holds."""
    return {
        "rtgmock": {"1": {"format": FORMAT, "state_id": STATE_ID, "last_instance_id": 5}},
        "accounts": {"1": {"name": "username"}},
        "servers": {"1": {"name": "ray"}},
        "instances": {"1": a_record()},
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    with contextlib.closing(Store.open(None if request.param == "memory" else path, STATE_ID)) as opened:
        with opened.transaction() as change:
            change.add_server(1, "ray")
        yield opened


def put(store: Store, *records: Record) -> None:
    with store.transaction() as change:
        for record in records:
            change.put_instance(record)


def next_id(store: Store) -> int:
    with store.transaction() as change:
        return change.next_instance_id()


def put_and_fail(store: Store) -> None:
    with store.transaction() as change:
        change.put_instance(a_record(id=change.next_instance_id()))
        change.add_server(2, "catfish")
        change.add_accounts(["someone"])
        raise ZeroDivisionError


def remove(store: Store, instance_id: int) -> None:
    with store.transaction() as change:
        change.remove_instance(instance_id)


def refusal(path: Path, content: Tables) -> str:
    """What is said of a file with that content, which must be refused, left as it is, and not kept locked."""
    path.write_text(json.dumps(content, indent=1))
    before = path.read_bytes()
    with pytest.raises(StartupError) as raised:
        Store.open(path, STATE_ID)
    assert path.read_bytes() == before
    assert str(path) in str(raised.value)
    assert "--state FILE" in str(raised.value)
    path.unlink()
    Store.open(path, STATE_ID).close()
    return str(raised.value)


def test_what_is_put_can_be_read(store: Store) -> None:
    one, two = a_record(), a_record(id=2, port=9002, user_id=2)
    put(store, one, two)
    with store.transaction() as change:
        change.add_accounts(["username", "someone"])

    assert store.instance(1) == store.instance(1, "username") == one
    assert store.instance(1, "someone") is None
    assert store.instance(1, "stranger") is None
    assert store.instance(3) is None
    assert store.instances() == [one, two]
    assert store.instances("someone") == [two]
    assert store.instances("stranger") == []
    assert store.ports() == {9001, 9002}
    assert store.servers() == {1: Server("ray")}
    assert store.memory_by_server() == {1: 2 * one["memory"]}


def test_a_server_without_instances_has_no_memory_in_use(store: Store) -> None:
    assert store.memory_by_server() == {1: 0}


def test_an_instance_takes_the_place_of_the_one_that_has_its_id(store: Store) -> None:
    put(store, a_record(), a_record(id=2, port=9002))
    put(store, a_record(label="mongrel"))

    assert [record["label"] for record in store.instances()] == ["mongrel", "ray-9001"]


def test_what_is_removed_is_gone_and_the_rest_is_not(store: Store) -> None:
    put(store, a_record(), a_record(id=2, port=9002))
    remove(store, 1)

    assert store.instance(1) is None
    assert store.instances() == [a_record(id=2, port=9002)]
    assert store.ports() == {9002}


def test_an_error_in_a_transaction_leaves_nothing_of_it(store: Store) -> None:
    put(store, a_record())
    with pytest.raises(ZeroDivisionError):
        put_and_fail(store)

    assert store.instances() == [a_record()]
    assert store.servers() == {1: Server("ray")}
    assert store.accounts() == {}
    assert next_id(store) == 1


def test_changing_what_was_put_changes_nothing_in_the_store(store: Store) -> None:
    record = a_record()
    put(store, record)
    record["label"] = "changed"
    record["snapshots"].append("1 1")

    assert store.instance(1) == a_record()


def test_changing_what_was_read_changes_nothing_in_the_store(store: Store) -> None:
    put(store, a_record())
    for read in (store.instance(1), *store.instances()):
        assert read is not None
        read["label"] = "changed"
        read["snapshots"].append("1 1")
    store.servers()[1] = Server("changed")
    store.accounts()["changed"] = 1
    store.ports().add(1)
    store.memory_by_server()[1] = 1

    assert store.instance(1) == a_record()
    assert store.instances() == [a_record()]
    assert store.servers() == {1: Server("ray")}
    assert store.accounts() == {}
    assert store.ports() == {9001}
    assert store.memory_by_server() == {1: a_record()["memory"]}


def test_what_was_read_stays_as_it_was_when_the_store_changes(store: Store) -> None:
    put(store, a_record())
    before = store.instances()
    put(store, a_record(label="mongrel", snapshots=[]))

    assert before == [a_record()]


def test_an_id_is_given_once_only_also_after_a_delete_and_a_reopening(path: Path) -> None:
    given = []
    for _ in range(3):
        with contextlib.closing(Store.open(path, STATE_ID)) as store:
            with store.transaction() as change:
                change.add_server(1, "ray")
                given.append(change.next_instance_id())
                change.put_instance(a_record(id=given[-1]))
            remove(store, given[-1])
            given.append(next_id(store))

    assert given == [1, 2, 3, 4, 5, 6]


def test_a_new_file_bears_its_format_before_anything_else_is_in_it(path: Path) -> None:
    Store.open(path, STATE_ID).close()

    assert json.loads(path.read_bytes())["rtgmock"] == {
        "1": {"format": FORMAT, "state_id": STATE_ID, "last_instance_id": 0}
    }


def test_a_file_is_read_and_not_written_when_it_is_opened_again(path: Path) -> None:
    path.write_text(json.dumps(tables(), indent=4))
    before = path.read_bytes()
    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        assert store.instances() == [a_record()]
        assert store.accounts() == {"username": 1}

    assert path.read_bytes() == before


def test_a_file_of_a_newer_format_is_refused_with_both_versions(path: Path) -> None:
    newer = {"rtgmock": {"1": {"format": FORMAT + 1, "what": "we cannot know"}}}

    assert f"in version {FORMAT + 1} of its format; this one knows {FORMAT}" in refusal(path, newer)


def test_a_tinydb_file_of_another_program_is_refused(path: Path) -> None:
    with TinyDB(path) as other:
        other.insert({"name": "ray"})
    content = json.loads(path.read_bytes())

    assert "it was not written by rtgmock" in refusal(path, content)


@pytest.mark.parametrize(
    "counters",
    [{}, [], {"2": {"format": 1, "last_instance_id": 0}}, {"1": 1}, {"1": {}}]
    + [{"1": {"format": version, "last_instance_id": 0}} for version in (None, "1", 1.5, True)],
    ids=repr,
)
def test_a_file_without_a_version_is_refused(path: Path, counters: Any) -> None:
    said = refusal(path, tables() | {"rtgmock": counters})

    assert "it was not written by rtgmock" in said or "is not a TinyDB file" in said


@pytest.mark.parametrize("last", [None, "5", 5.0, True])
def test_a_file_without_the_last_id_is_refused(path: Path, last: Any) -> None:
    said = refusal(path, tables() | {"rtgmock": {"1": {"format": FORMAT, "last_instance_id": last}}})

    assert f"last_instance_id is {last!r}" in said


@pytest.mark.parametrize("name", [attribute.name for attribute in attributes.STORED])
def test_an_instance_without_an_attribute_is_refused(path: Path, name: str) -> None:
    record = a_record()
    del record[name]

    assert f"instance 1: {name} is missing" in refusal(path, tables() | {"instances": {"1": record}})


@pytest.mark.parametrize("name", [attribute.name for attribute in attributes.STORED])
def test_an_instance_with_an_attribute_of_a_wrong_type_is_refused(path: Path, name: str) -> None:
    said = refusal(path, tables() | {"instances": {"1": a_record(**{name: {"no": "type"}})}})

    assert f"instance 1: {name} is" in said


def instance(**changed: Any) -> Callable[[Tables], None]:
    return lambda content: content["instances"]["1"].update(changed)


def row(table: str, number: str, value: Any) -> Callable[[Tables], None]:
    return lambda content: content[table].__setitem__(number, value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (instance(label="ray\n9001"), r"instance 1: label is 'ray\n9001'"),
        (instance(label="ray\x1b[2J"), r"instance 1: label is 'ray\x1b[2J'"),
        (instance(label="ray\ud800"), "is not JSON"),
        (instance(label=""), "instance 1: label is ''"),
        (instance(label="x" * 256), "instance 1: label is 'xxx"),
        (instance(label=None), "instance 1: label is None"),
        (instance(label=9001), "instance 1: label is 9001"),
        (instance(id="1"), "instance 1: id is '1'"),
        (instance(id=2), "instance 1: its id is 2"),
        (instance(id=1.0), "instance 1: id is 1.0"),
        (instance(port=0), "instance 1: port is 0"),
        (instance(port=65536), "instance 1: port is 65536"),
        (instance(port=True), "instance 1: port is True"),
        (instance(timeout=-1), "instance 1: timeout is -1"),
        (instance(timeout="150"), "instance 1: timeout is '150'"),
        (instance(slave=1), "instance 1: slave is 1"),
        (instance(plan="huge"), "instance 1: plan is 'huge'"),
        (instance(status="gone"), "instance 1: status is 'gone'"),
        (instance(persistence="AOF"), "instance 1: persistence is 'AOF'"),
        (instance(created_at="yesterday"), "instance 1: created_at is 'yesterday'"),
        (instance(created_at="2010-12-20T00:35:22+00:00"), "instance 1: created_at is '2010"),
        (instance(snapshots=["900"]), "instance 1: snapshots is ['900']"),
        (instance(snapshots="900 1"), "instance 1: snapshots is '900 1'"),
        (instance(master_port=6379), "instance 1: master_port is 6379"),
        (instance(server_id=2), "instance 1: its server_id is 2, and servers has none of that number"),
        (instance(boot="soon"), "instance 1: boot is 'soon'"),
        (instance(boot={}), "instance 1: boot is {}"),
        (instance(boot={"reads": 0}), "instance 1: boot is {'reads': 0}"),
        (instance(boot={"reads": 1.5}), "instance 1: boot is {'reads': 1.5}"),
        (instance(boot={"reads": True}), "instance 1: boot is {'reads': True}"),
        (instance(boot={"until": "soon"}), "instance 1: boot is {'until': 'soon'}"),
        (instance(boot={"reads": 1, "until": 1.5}), "instance 1: boot is {"),
        (row("instances", "1", None), "instance 1: it is not an object"),
        (row("instances", "1", ["ray"]), "instance 1: it is not an object"),
        (row("instances", "two", a_record(id=2)), "instance two: its id is 2"),
        (row("instances", "02", a_record(id=2)), "instance 02: its id is 2"),
        (row("instances", "6", a_record(id=6)), "instance 6: its id is 6, and the last one given is 5"),
        (row("servers", "1", {}), "servers: 1 has no proper name"),
        (row("servers", "one", {"name": "ray"}), "servers: one has no proper name"),
        (row("servers", "2", {"name": 2}), "servers: 2 has no proper name"),
        (row("servers", "2", "ray"), "servers: 2 has no proper name"),
        (row("accounts", "2", {"name": None}), "accounts: 2 has no proper name"),
        (row("accounts", "-2", {"name": "someone"}), "accounts: -2 has no proper name"),
    ],
)
def test_a_file_with_a_fault_is_refused_by_the_name_of_the_fault(
    path: Path, fault: Callable[[Tables], None], said: str
) -> None:
    content = tables()
    fault(content)
    refused = refusal(path, content)

    assert said in refused
    assert "\n" not in refused


@pytest.mark.parametrize(
    ("status", "boot"), [("running", None), ("starting", {"reads": 2}), ("starting", {"until": 1292805322.5})]
)
def test_a_boot_under_way_is_kept(path: Path, status: str, boot: Any) -> None:
    path.write_text(json.dumps(tables() | {"instances": {"1": a_record(status=status, boot=boot)}}))
    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        assert store.instances() == [a_record(status=status, boot=boot)]


def test_accounts_get_ids_in_the_order_in_which_they_come(store: Store) -> None:
    with store.transaction() as change:
        change.add_accounts(["ann", "bob"])
        change.add_accounts(["carl", "bob", "ann"])

    assert store.accounts() == {"ann": 1, "bob": 2, "carl": 3}


def shown(served: Served, name: str) -> list[tuple[str, int]]:
    """The label and the user_id of each instance that an account sees."""
    found = served.get("/instances.json", auth=(name, name)).json()
    show = [served.get(f"/instances/{item['instance']['id']}.json", auth=(name, name)).json() for item in found]
    return [(record["label"], record["user_id"]) for record in show]


def test_accounts_keep_their_instances_when_their_order_on_the_command_line_changes(serve: Serve, path: Path) -> None:
    ann, bob, carl = (Credentials(name, name) for name in ("ann", "bob", "carl"))
    first = serve(state=path, accounts=(ann, bob))
    for account in (ann, bob):
        made = first.post("/instances.json", auth=account, json={"plan": "nano", "label": f"{account.name}'s"})
        assert made.status_code == 201
    first.close()
    second = serve(state=path, accounts=(carl, bob))
    assert shown(second, "bob") == [("bob's", 2)]
    assert shown(second, "carl") == []
    second.close()
    third = serve(state=path, accounts=(bob, carl, ann))

    assert shown(third, "ann") == [("ann's", 1)]
    assert shown(third, "bob") == [("bob's", 2)]
    assert third.emulator.store.accounts() == {"ann": 1, "bob": 2, "carl": 3}
