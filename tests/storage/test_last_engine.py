"""Which engine has the data of the state's instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from rtgmock.errors import StartupError
from rtgmock.storage.state import State
from rtgmock.storage.store import Store
from tests.support.slow_engine import STATE_ID

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = State((), {}, {}, 0)


def run(store: Store, engine: str) -> None:
    with store.transaction() as change:
        change.put_leftovers(engine, [])


def test_it_is_the_one_that_ran_last() -> None:
    store = Store.open(None, STATE_ID)
    assert store.last_engine() == ""

    run(store, "docker")
    assert store.last_engine() == "docker"
    run(store, "process")
    assert store.last_engine() == "process"
    run(store, "docker")
    assert store.last_engine() == "docker"


@pytest.mark.parametrize("engine", ["", "process"])
def test_a_new_state_has_its_data_in_the_engine_that_runs(engine: str) -> None:
    store = Store.open(None, STATE_ID)
    run(store, "docker")

    with store.transaction() as change:
        change.replace(EMPTY, engine)

    assert store.last_engine() == engine


def write(path: Path, **head: Any) -> None:
    path.write_bytes(
        orjson.dumps({"rtgmock": {"1": {"format": 1, "state_id": STATE_ID, "last_instance_id": 0, **head}}})
    )


@pytest.mark.parametrize(
    ("leftovers", "engine"), [({}, ""), ({"docker": []}, "docker"), ({"docker": [], "process": []}, "")]
)
def test_a_file_of_an_older_version_tells_it_where_only_one_has_run(
    tmp_path: Path, leftovers: dict[str, list[int]], engine: str
) -> None:
    write(tmp_path / "state.json", leftovers=leftovers)
    store = Store.open(tmp_path / "state.json", "unused")

    assert store.last_engine() == engine
    store.close()


def test_it_survives_a_restart(tmp_path: Path) -> None:
    first = Store.open(tmp_path / "state.json", STATE_ID)
    run(first, "docker")
    run(first, "process")
    first.close()

    second = Store.open(tmp_path / "state.json", STATE_ID)
    assert second.last_engine() == "process"
    second.close()


def test_what_is_no_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "state.json", engine=7)

    with pytest.raises(StartupError, match="engine is 7"):
        Store.open(tmp_path / "state.json", STATE_ID)
