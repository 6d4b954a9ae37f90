"""Ids: what a document may give, what can be stored, and what a create does after the last one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import InternalError
from rtgmock.storage.state import Server, State
from rtgmock.storage.store import Store
from tests.support.values import record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve

HIGHEST_GIVEN, HIGHEST_STORED = 10**12, 10**15
TOO_HIGH: list[dict[str, Any]] = [
    {"last_instance_id": HIGHEST_GIVEN + 1},
    {"last_instance_id": 2**63 - 1},
    {"instances": [{"plan": "nano", "id": HIGHEST_GIVEN + 1}]},
    {"servers": [{"name": "ray", "id": HIGHEST_GIVEN + 1}]},
    {"servers": [{"name": "ray", "id": 2**63 - 1}]},
    {"accounts": [{"name": "ann", "id": HIGHEST_GIVEN + 1}]},
    {"accounts": [{"name": "ann", "id": 2**63 - 1}]},
]


@pytest.mark.parametrize("document", TOO_HIGH)
def test_a_document_with_a_higher_id_is_refused(serve: Serve, document: dict[str, Any]) -> None:
    api = serve()
    answer = api.put("/_rtgmock/state", json=document)

    assert answer.status_code == 422
    assert f"must be less than or equal to {HIGHEST_GIVEN}" in answer.text
    assert api.create()["id"] == 1


@pytest.mark.parametrize(
    "document",
    [
        {"last_instance_id": HIGHEST_GIVEN},
        {"instances": [{"plan": "nano", "id": HIGHEST_GIVEN}]},
        {"servers": [{"name": "ray", "id": HIGHEST_GIVEN, "memory": "5MB"}], "instances": [{"plan": "nano"}]},
        {"accounts": [{"name": "ann", "id": HIGHEST_GIVEN}]},
    ],
)
def test_after_the_highest_id_of_a_document_creates_go_on_and_a_restart_finds_them(
    serve: Serve, tmp_path: Path, document: dict[str, Any]
) -> None:
    path = tmp_path / "state.json"
    api = serve(state=path)
    assert api.put("/_rtgmock/state", json=document).status_code == 200
    made = [api.create(), api.create()]
    api.close()

    again = serve(state=path)
    for instance in made:
        shown = again.get(f"/instances/{instance['id']}.json").json()
        assert (shown["id"], shown["server_id"], shown["user_id"]) == tuple(
            instance[name] for name in ("id", "server_id", "user_id")
        )


@pytest.mark.parametrize(
    "ids",
    [(1, HIGHEST_STORED, 1, 1), (HIGHEST_STORED, HIGHEST_STORED, 1, 1), (1, 1, HIGHEST_STORED, 1)],
)
def test_a_state_file_with_the_last_id_there_is_can_be_used_and_takes_no_other(
    serve: Serve, tmp_path: Path, ids: tuple[int, ...]
) -> None:
    record_id, last, server_id, account_id = ids
    path = tmp_path / "state.json"
    with contextlib.closing(Store.open(path, "0000")) as store, store.transaction() as change:
        one = record(id=record_id, server_id=server_id, user_id=account_id)
        change.replace(State((one,), {server_id: Server("ray", 5 << 20)}, {account_id: "username"}, last))
    api = serve(state=path)

    for _ in range(2):
        refused = api.post("/instances.json", json={"plan": "nano"})
        assert refused.status_code == 500
        assert "The state cannot be stored" in refused.text
    assert api.get(f"/instances/{record_id}.json").status_code == 200
    api.close()
    assert serve(state=path).get(f"/instances/{record_id}.json").status_code == 200


def test_no_commit_stores_what_the_next_start_would_refuse(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    wrong = [
        record(id=6),
        record(port=0),
        record(server_id=7),
        record(user_id=7),
        record(id=2),  # the port is another's
        record(boot={"reads": 0}),
    ]
    with contextlib.closing(Store.open(path, "0000")) as store:
        with store.transaction() as change:
            change.replace(State((record(),), {1: Server("ray")}, {1: "username"}, 5))
        before = store.state()
        for one in wrong:
            with pytest.raises(InternalError, match="cannot be stored"), store.transaction() as change:
                change.put_instance(one)
        with pytest.raises(InternalError, match="two are called ray"), store.transaction() as change:
            change.add_server(2, "ray")
        assert store.state() == before
    with contextlib.closing(Store.open(path, "0000")) as again:
        assert again.state() == before
