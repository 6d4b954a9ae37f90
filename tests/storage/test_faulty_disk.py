"""Each system call of each kind of change fails in turn: the answer, the memory and the files agree each time."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import StartupError
from rtgmock.settings.parsers import Credentials
from rtgmock.storage.file import FileStorage
from tests.support.agreement import copy_files, shown_state, state_on_disk
from tests.support.faulty_disk import FAILURES, FULL, FaultyDisk
from tests.support.rounds import rounds
from tests.support.state_files import tables_in_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests

    from tests.conftest import Serve, Served
    from tests.support.faulty_disk import Fault

    Request = Callable[[Served], requests.Response]

ACCOUNTS = (Credentials("username", "password"), Credentials("other", "secret"))
JSON = {"Content-Type": "application/json"}
INITIAL = {"instances": [{"plan": "nano", "label": "one"}, {"plan": "mini", "label": "two", "account": "other"}]}
OTHER = {"instances": [{"plan": "small", "label": "three"}], "last_instance_id": 70}


def instance_path(api: Served) -> str:
    """Return the path of the account's latest instance."""
    return f"/instances/{api.instance_ids()[-1]}.json"


def next_value(api: Served, name: str, *values: Any) -> dict[str, Any]:
    """Return a value for an attribute of the latest instance that it doesn't have."""
    now = api.get(instance_path(api)).json()[name]
    return {name: next(value for value in values if value != now)}


def control(api: Served, method: str, path: str, document: Any) -> requests.Response:
    return api.call(method, f"/_rtgmock/{path}", headers=JSON, json=document)


def replace_state(api: Served) -> requests.Response:
    is_other = len(api.get("/_rtgmock/state").json()["instances"]) == 1
    return control(api, "PUT", "state", INITIAL if is_other else OTHER)


def delete(api: Served) -> requests.Response:
    return api.delete(instance_path(api))


def set_status(api: Served) -> requests.Response:
    number = api.instance_ids()[-1]
    values = next_value(api, "status", "failed", "running")
    return control(api, "POST", f"instances/{number}/status", values)


CHANGES: dict[str, Request] = {
    "create": lambda api: api.post("/instances.json", json={"plan": "nano"}),
    "update": lambda api: api.put(instance_path(api), json=next_value(api, "timeout", 7, 8)),
    "upgrade": lambda api: api.put(instance_path(api), json=next_value(api, "plan", "nano", "mini")),
    "regenerate": lambda api: api.put(instance_path(api), json=next_value(api, "password", "a" * 32, "b" * 32)),
    "delete": delete,
    "replace the state": replace_state,
    "set a status": set_status,
    "reset": lambda api: control(api, "POST", "reset", None),
    "reset one account": lambda api: control(api, "POST", "reset", {"account": "username"}),
    "set the clock": lambda api: control(api, "POST", "clock", {"advance": 60}),
    "add a fault": lambda api: control(api, "POST", "faults", {"method": "PATCH", "status": 503}),
    "remove the faults": lambda api: control(api, "DELETE", "faults", None),
    "empty the journal": lambda api: control(api, "DELETE", "requests", None),
}
WITHOUT_CALLS = {"set the clock", "add a fault", "remove the faults", "empty the journal"}


@pytest.fixture
def disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> FaultyDisk:
    """The disk of the state file, on which no journal is folded before a test does that."""
    monkeypatch.setattr(FileStorage.__init__, "__defaults__", (1000.0,))
    return FaultyDisk(path.parent, monkeypatch)


def prepare(api: Served) -> None:
    """Give an emulator the state and the settings that a change may destroy."""
    if not api.instance_ids():
        assert control(api, "PUT", "state", INITIAL).status_code == 200
    control(api, "POST", "faults", {"method": "PATCH", "status": 503})
    control(api, "POST", "clock", {"freeze": True, "advance": 3600})


def check(api: Served, path: Path, before: Any, answer: requests.Response, fault: Fault) -> None:
    """Compare the answer to a change with what there is now in memory and on disk."""
    after, on_disk = shown_state(api), state_on_disk(path)
    where = (fault, answer.text)
    assert {name: after[name] for name in on_disk} == on_disk, where
    if answer.status_code >= 500:
        assert "nothing has changed" in answer.text, where
        assert after == before, where
    else:
        assert answer.status_code in {200, 201}, where


def strikes(disk: FaultyDisk, api: Served, path: Path, change: Request, code: int) -> int:
    """Let each call of a change fail in turn; return how many there were."""
    for turn in disk.each_call(code):
        prepare(api)
        before = shown_state(api)
        with turn as fault:
            answer = change(api)
        check(api, path, before, answer, fault)
        assert fault.failed or answer.status_code in {200, 201}, (fault, answer.text)
        repeated = change(api) if answer.status_code >= 500 else answer
        assert repeated.status_code in {200, 201}, (fault, repeated.text)
        check(api, path, before, repeated, fault)
    return len(fault.calls)


CHANGE_FAILURES = rounds((errno.EIO, FULL), FAILURES, in_ci=FAILURES)
OTHER_FAILURES = rounds((errno.EIO,), FAILURES, in_ci=(errno.EIO, FULL))


@pytest.mark.long
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_which_any_system_call_fails_is_made_or_not_made_everywhere(
    disk: FaultyDisk, serve: Serve, path: Path, name: str
) -> None:
    api = serve(state=path, accounts=ACCOUNTS)
    counts = {strikes(disk, api, path, CHANGES[name], code) for code in CHANGE_FAILURES}

    assert (counts == {0}) == (name in WITHOUT_CALLS)
    document = api.get("/_rtgmock/state").json()
    api.close()
    assert serve(state=path, accounts=ACCOUNTS).get("/_rtgmock/state").json() == document


@pytest.mark.long
@pytest.mark.parametrize("code", OTHER_FAILURES)
def test_the_first_change_after_a_start_is_made_or_not_made_everywhere(
    disk: FaultyDisk, serve: Serve, path: Path, code: int
) -> None:
    """It makes the journal."""
    for turn in disk.each_call(code):
        api = serve(state=path)
        before = shown_state(api)
        with turn as fault:
            answer = CHANGES["create"](api)
        check(api, path, before, answer, fault)
        api.create()
        document = api.get("/_rtgmock/state").json()
        api.close()
        assert state_on_disk(path) == document
    assert {"open", "pwrite", "fdatasync", "fsync"} <= set(fault.calls)


@pytest.mark.long
@pytest.mark.parametrize("code", OTHER_FAILURES)
def test_a_fold_of_which_any_system_call_fails_loses_nothing(
    disk: FaultyDisk, serve: Serve, path: Path, code: int
) -> None:
    api = serve(state=path)
    storage = api.emulator.store._storage
    for turn in disk.each_call(code):
        made = api.create()
        document = api.get("/_rtgmock/state").json()
        with turn as fault:
            storage.fold()
        assert api.get("/_rtgmock/state").json() == state_on_disk(path) == document, fault
        api.delete(f"/instances/{made['id']}")
        assert api.get("/_rtgmock/state").json() == state_on_disk(path), fault
        storage.fold()
        assert tables_in_file(path)["instances"] == {}, fault
    assert {"open", "pwrite", "fsync", "replace", "ftruncate"} <= set(fault.calls)


@pytest.mark.long
@pytest.mark.parametrize("code", OTHER_FAILURES)
def test_a_stop_of_which_any_system_call_fails_loses_nothing(
    disk: FaultyDisk, serve: Serve, path: Path, code: int
) -> None:
    for turn in disk.each_call(code):
        api = serve(state=path)
        api.create()
        document = api.get("/_rtgmock/state").json()
        with turn as fault:
            api.close()
        assert state_on_disk(path) == document, fault
    assert {"replace", "unlink"} <= set(fault.calls)


@pytest.mark.long
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("code", OTHER_FAILURES)
def test_a_start_of_which_any_system_call_fails_loses_nothing_and_the_next_one_works(
    disk: FaultyDisk, serve: Serve, path: Path, *, code: int, is_first: bool
) -> None:
    kept = path.parent.parent / "kept"
    kept.mkdir()
    document: Any = None
    if not is_first:
        api = serve(state=path)
        for _ in range(2):
            api.create()
        document = api.get("/_rtgmock/state").json()
        copy_files(path, kept)
        api.close()
    for turn in disk.each_call(code):
        for entry in path.parent.iterdir():
            entry.unlink()
        if not is_first:
            copy_files(kept / path.name, path.parent)
        with turn as fault:
            said = start_and_stop(serve, path)
        assert "\n" not in said, fault
        assert fault.failed or not said, (fault, said)
        again = serve(state=path)
        assert again.get("/_rtgmock/state").json() == (document or again.get("/_rtgmock/state").json()), fault
        assert again.create()["id"] == (3 if document else 1), fault
        again.close()


def start_and_stop(serve: Serve, path: Path) -> str:
    """Start an emulator and stop it again; return why it did not start."""
    try:
        serve(state=path).close()
    except StartupError as error:
        return str(error)
    return ""
