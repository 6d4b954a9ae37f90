"""Files that a store refuses: other programs' and newer ones, and those with a mistake in their content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tinydb import TinyDB

from rtgmock.model import attributes
from rtgmock.storage.checks import table_problems
from rtgmock.storage.tables import FORMAT
from tests.support.damage import DEEP
from tests.support.state_files import (
    changing_instance,
    changing_row,
    state_tables,
    store_refusal,
)
from tests.support.values import record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.state_files import Change


def test_a_file_of_a_newer_format_is_refused_with_both_versions(path: Path) -> None:
    newer = {"rtgmock": {"1": {"format": FORMAT + 1, "what": "we cannot know"}}}

    assert f"in version {FORMAT + 1} of its format; this one knows {FORMAT}" in store_refusal(path, newer)


def test_a_tinydb_file_of_another_program_is_refused(path: Path) -> None:
    with TinyDB(path) as other:
        other.insert({"name": "ray"})
    content = json.loads(path.read_bytes())

    assert "it was not written by rtgmock" in store_refusal(path, content)


@pytest.mark.parametrize(
    "counters",
    [{}, [], {"2": {"format": 1, "last_instance_id": 0}}, {"1": 1}, {"1": {}}]
    + [{"1": {"format": version, "last_instance_id": 0}} for version in (None, "1", 1.5, True)],
    ids=repr,
)
def test_a_file_without_a_version_is_refused(path: Path, counters: Any) -> None:
    message = store_refusal(path, state_tables() | {"rtgmock": counters})

    assert "it was not written by rtgmock" in message or "is not a TinyDB file" in message


@pytest.mark.parametrize("last", [None, "5", 5.0, True])
def test_a_file_without_the_last_id_is_refused(path: Path, last: Any) -> None:
    message = store_refusal(path, state_tables() | {"rtgmock": {"1": {"format": FORMAT, "last_instance_id": last}}})

    assert f"last_instance_id is {last!r}" in message


@pytest.mark.parametrize("name", [attribute.name for attribute in attributes.STORED])
def test_an_instance_without_an_attribute_is_refused(path: Path, name: str) -> None:
    incomplete = record()
    del incomplete[name]

    assert f"instance 1: {name} is missing" in store_refusal(path, state_tables() | {"instances": {"1": incomplete}})


@pytest.mark.parametrize("name", [attribute.name for attribute in attributes.STORED])
def test_an_instance_with_an_attribute_of_a_wrong_type_is_refused(path: Path, name: str) -> None:
    message = store_refusal(path, state_tables() | {"instances": {"1": record(**{name: {"no": "type"}})}})

    assert f"instance 1: {name} is" in message


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (changing_instance(label="ray\n9001"), r"instance 1: label is 'ray\n9001'"),
        (changing_instance(label="ray\x1b[2J"), r"instance 1: label is 'ray\x1b[2J'"),
        (changing_instance(label="ray\ud800"), "is not JSON"),
        (changing_instance(label=""), "instance 1: label is ''"),
        (changing_instance(label="x" * 256), "instance 1: label is 'xxx"),
        (changing_instance(label=None), "instance 1: label is None"),
        (changing_instance(label=9001), "instance 1: label is 9001"),
        (changing_instance(id="1"), "instance 1: id is '1'"),
        (changing_instance(id=2), "instance 1: its id is 2"),
        (changing_instance(id=1.0), "instance 1: id is 1.0"),
        (changing_instance(port=0), "instance 1: port is 0"),
        (changing_instance(port=65536), "instance 1: port is 65536"),
        (changing_instance(port=True), "instance 1: port is True"),
        (changing_instance(timeout=-1), "instance 1: timeout is -1"),
        (changing_instance(timeout="150"), "instance 1: timeout is '150'"),
        (changing_instance(slave=1), "instance 1: slave is 1"),
        (changing_instance(plan="huge"), "instance 1: plan is 'huge'"),
        (changing_instance(status="gone"), "instance 1: status is 'gone'"),
        (changing_instance(persistence="AOF"), "instance 1: persistence is 'AOF'"),
        (changing_instance(created_at="yesterday"), "instance 1: created_at is 'yesterday'"),
        (changing_instance(created_at="2010-12-20T00:35:22+00:00"), "instance 1: created_at is '2010"),
        (changing_instance(snapshots=["900"]), "instance 1: snapshots is ['900']"),
        (changing_instance(snapshots="900 1"), "instance 1: snapshots is '900 1'"),
        (changing_instance(master_port=6379), "instance 1: master_port is 6379"),
        (changing_instance(server_id=2), "instance 1: its server_id is 2, and servers has none of that number"),
        (changing_instance(boot="soon"), "instance 1: boot is 'soon'"),
        (changing_instance(boot={}), "instance 1: boot is {}"),
        (changing_instance(boot={"reads": 0}), "instance 1: boot is {'reads': 0}"),
        (changing_instance(boot={"reads": 1.5}), "instance 1: boot is {'reads': 1.5}"),
        (changing_instance(boot={"reads": True}), "instance 1: boot is {'reads': True}"),
        (changing_instance(boot={"until": "soon"}), "instance 1: boot is {'until': 'soon'}"),
        (changing_instance(boot={"reads": 1, "until": 1.5}), "instance 1: boot is {"),
        (changing_row("instances", "1", None), "instance 1: it is not an object"),
        (changing_row("instances", "1", ["ray"]), "instance 1: it is not an object"),
        (changing_row("instances", "two", record(id=2)), "instance two: its id is 2"),
        (changing_row("instances", "02", record(id=2)), "instance 02: its id is 2"),
        (changing_row("instances", "6", record(id=6)), "instance 6: its id is 6, and the last one given is 5"),
        (changing_row("servers", "1", {}), "servers: 1 has no proper name"),
        (changing_row("servers", "one", {"name": "ray"}), "servers: one is no number from 1 to 1000000000000000"),
        (changing_row("servers", "2", {"name": 2}), "servers: 2 has no proper name"),
        (changing_row("servers", "2", "ray"), "servers: 2 has no proper name"),
        (changing_row("accounts", "2", {"name": None}), "accounts: 2 has no proper name"),
        (changing_row("accounts", "-2", {"name": "someone"}), "accounts: -2 is no number from 1 to"),
    ],
)
def test_a_file_with_a_fault_is_refused_by_the_name_of_the_fault(path: Path, fault: Change, message: str) -> None:
    content = state_tables()
    fault(content)
    refused = store_refusal(path, content)

    assert message in refused
    assert "\n" not in refused


def without_boot(content: dict[str, Any]) -> None:
    del content["instances"]["1"]["boot"]


@pytest.mark.parametrize(
    "fault",
    [
        without_boot,
        changing_instance(boot={"reads": 1}),
        changing_instance(boot={"reads": 1}, status="new"),
        lambda content: content["instances"].update({"2": record(id=2)}),
        lambda content: content["rtgmock"].update({"1": {"format": 1, "last_instance_id": -3}}),
        lambda content: content["rtgmock"].update({"1": {"format": 0, "last_instance_id": 5}}),
        lambda content: content["rtgmock"].update({"1": {"format": 1, "last_instance_id": 2**64 - 1}}),
        lambda content: content["accounts"].update({"2": {"name": "username"}}),
        lambda content: content["servers"].update({"1": {"name": "r\x01ay"}}),
        changing_instance(user_id=9),
    ],
    ids=[
        "no boot",
        "boot of a running one",
        "boot of a new one",
        "a port twice",
        "negative last id",
        "format 0",
        "last id of 64 bits",
        "account twice",
        "control character in a server's name",
        "no such account",
    ],
)
def test_a_file_with_a_fault_is_refused(tmp_path: Path, fault: Change) -> None:
    content = state_tables()
    fault(content)
    store_refusal(tmp_path / "state.json", content)


@pytest.mark.parametrize("number", [1, 256, 257, 600])
@pytest.mark.parametrize(
    "values",
    [{"timeout": True}, {"id": 9}, {"user_id": 9}, {"server_id": 9}, {"boot": {"reads": 1}}, {"boot": "soon"}],
    ids=repr,
)
def test_a_fault_of_one_among_hundreds_is_told_as_that_of_one_alone(values: dict[str, Any], number: int) -> None:
    rows: dict[str, Any] = {str(n): record(id=n, port=9000 + n, label=f"ray-{n}") for n in range(1, 601)}
    head = {"format": FORMAT, "last_instance_id": 600}
    tables = state_tables() | {"rtgmock": {"1": head}, "instances": rows}
    assert [*table_problems(tables)] == []
    rows[str(number)] |= values
    alone = tables | {"instances": {str(number): rows[str(number)]}}

    assert len([*table_problems(alone)]) == 1
    assert [*table_problems(tables)] == [*table_problems(alone)]


def test_what_only_one_instance_has_or_lacks_is_found_among_hundreds() -> None:
    rows: dict[str, Any] = {str(n): record(id=n, port=9000 + n) for n in range(1, 601)}
    tables = state_tables() | {"rtgmock": {"1": {"format": FORMAT, "last_instance_id": 600}}, "instances": rows}
    rows["2"] |= {"port": 9600}
    rows["300"]["unknown"] = DEEP
    rows["301"]["unknown"] = [[]]
    rows["302"] |= {"status": "starting", "boot": {"reads": 1}}
    del rows["303"]["boot"]
    rows["304"] = None
    rows["0305"] = rows.pop("305")

    assert [*table_problems(tables)] == [
        "instance 300: it is nested too deeply",
        "instance 303: boot is missing",
        "instance 304: it is not an object",
        "instance 0305: its id is 305, and the last one given is 600",
        "two instances have the port 9600",
    ]


def test_no_password_of_the_file_is_in_the_refusal(tmp_path: Path) -> None:
    content = state_tables()
    content["instances"]["1"] |= {"password": "hunter2\n"}
    assert "hunter2" not in store_refusal(tmp_path / "state.json", content)


def test_a_refusal_is_one_line_also_for_a_key_with_a_line_break(tmp_path: Path) -> None:
    content = state_tables()
    content["instances"]["1\n2"] = {}
    assert "\n" not in store_refusal(tmp_path / "state.json", content)
