"""The store: what it keeps of instances, servers and accounts, and how it gives it back."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.settings.parsers import Credentials
from rtgmock.storage.state import Server
from rtgmock.storage.store import Store
from rtgmock.storage.tables import FORMAT
from tests.support.state_files import (
    STATE_ID,
    state_tables,
)
from tests.support.values import record

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.model.types import Record
    from tests.conftest import Serve, Served


def put(store: Store, *records: Record) -> None:
    with store.transaction() as change:
        for record in records:
            change.put_instance(record)


def next_id(store: Store) -> int:
    with store.transaction() as change:
        return change.next_instance_id()


def put_and_fail(store: Store) -> None:
    with store.transaction() as change:
        change.put_instance(record(id=change.next_instance_id()))
        change.add_server(2, "catfish")
        change.add_accounts(["someone"])
        raise ZeroDivisionError


def remove(store: Store, instance_id: int) -> None:
    with store.transaction() as change:
        change.remove_instance(instance_id)


def test_what_is_put_can_be_read(store: Store) -> None:
    one, two = record(), record(id=2, port=9002, user_id=2)
    put(store, one, two)

    assert store.instance(1) == store.instance(1, "username") == one
    assert store.instance(1, "other") is None
    assert store.instance(1, "stranger") is None
    assert store.instance(3) is None
    assert store.instances() == [one, two]
    assert store.instances("other") == [two]
    assert store.instances("stranger") == []
    assert [*store.unused_ports(range(9000, 9005))] == [9000, 9003, 9004]
    assert store.servers() == {1: Server("ray")}
    assert store.memory_by_server([1]) == {1: 2 * one["memory"]}


def test_a_server_without_instances_has_no_memory_in_use(store: Store) -> None:
    assert store.memory_by_server([1]) == {1: 0}


def test_an_instance_takes_the_place_of_the_one_that_has_its_id(store: Store) -> None:
    put(store, record(), record(id=2, port=9002))
    put(store, record(label="mongrel"))

    assert [record["label"] for record in store.instances()] == ["mongrel", "ray-9001"]


def test_what_is_removed_is_gone_and_the_rest_is_not(store: Store) -> None:
    put(store, record(), record(id=2, port=9002))
    remove(store, 1)

    assert store.instance(1) is None
    assert store.instances() == [record(id=2, port=9002)]
    assert [store.is_port_taken(port) for port in (9001, 9002)] == [False, True]


def test_an_error_in_a_transaction_leaves_nothing_of_it(store: Store) -> None:
    put(store, record())
    with pytest.raises(ZeroDivisionError):
        put_and_fail(store)

    assert store.instances() == [record()]
    assert store.servers() == {1: Server("ray")}
    assert store.accounts() == {"username": 1, "other": 2}
    assert next_id(store) == 6


def test_changing_what_was_put_changes_nothing_in_the_store(store: Store) -> None:
    given = record()
    put(store, given)
    given["label"] = "changed"
    given["snapshots"].append("1 1")

    assert store.instance(1) == record()


def test_changing_what_was_read_changes_nothing_in_the_store(store: Store) -> None:
    put(store, record())
    for read in (store.instance(1), *store.instances()):
        assert read is not None
        read["label"] = "changed"
        read["snapshots"].append("1 1")
    store.servers()[1] = Server("changed")
    store.accounts()["changed"] = 1
    store.memory_by_server([1])[1] = 1

    assert store.instance(1) == record()
    assert store.instances() == [record()]
    assert store.servers() == {1: Server("ray")}
    assert store.accounts() == {"username": 1, "other": 2}
    assert store.memory_by_server([1]) == {1: record()["memory"]}


def test_what_was_read_stays_as_it_was_when_the_store_changes(store: Store) -> None:
    put(store, record())
    before = store.instances()
    put(store, record(label="mongrel", snapshots=[]))

    assert before == [record()]


def test_an_id_is_given_once_only_also_after_a_delete_and_a_reopening(path: Path) -> None:
    ids = []
    for _ in range(3):
        with contextlib.closing(Store.open(path, STATE_ID)) as store:
            with store.transaction() as change:
                change.add_server(1, "ray")
                change.add_accounts(["username"])
                ids.append(change.next_instance_id())
                change.put_instance(record(id=ids[-1]))
            remove(store, ids[-1])
            ids.append(next_id(store))

    assert ids == [1, 2, 3, 4, 5, 6]


def test_a_new_file_bears_its_format_before_anything_else_is_in_it(path: Path) -> None:
    Store.open(path, STATE_ID).close()

    assert json.loads(path.read_bytes())["rtgmock"] == {
        "1": {"format": FORMAT, "state_id": STATE_ID, "last_instance_id": 0}
    }


def test_a_new_file_has_the_first_accounts_in_its_first_commit(path: Path) -> None:
    with contextlib.closing(Store.open(path, STATE_ID, ["username", "other"])) as store:
        assert store.accounts() == {"username": 1, "other": 2}
        assert not path.with_name(f"{path.name}.journal").exists()  # a second commit would have made it


def test_a_file_is_read_and_not_written_when_it_is_opened_again(path: Path) -> None:
    path.write_text(json.dumps(state_tables(), indent=4))
    before = path.read_bytes()
    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        assert store.instances() == [record()]
        assert store.accounts() == {"username": 1}

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("status", "boot"), [("running", None), ("starting", {"reads": 2}), ("starting", {"until": 1292805322.5})]
)
def test_a_boot_under_way_is_kept(path: Path, status: str, boot: Any) -> None:
    path.write_text(json.dumps(state_tables() | {"instances": {"1": record(status=status, boot=boot)}}))
    with contextlib.closing(Store.open(path, STATE_ID)) as store:
        assert store.instances() == [record(status=status, boot=boot)]


def test_accounts_get_ids_in_the_order_in_which_they_come(store: Store) -> None:
    with store.transaction() as change:
        change.add_accounts(["ann", "bob"])
        change.add_accounts(["carl", "bob", "ann"])

    assert store.accounts() == {"username": 1, "other": 2, "ann": 3, "bob": 4, "carl": 5}


def shown(served: Served, name: str) -> list[tuple[str, int]]:
    """The label and the user_id of each instance that an account sees."""
    listed = served.get("/instances.json", auth=(name, name)).json()
    show = [served.get(f"/instances/{item['instance']['id']}.json", auth=(name, name)).json() for item in listed]
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
