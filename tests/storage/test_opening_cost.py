"""The time of a start grows with the number of instances in the state file as little as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from rtgmock.storage.store import Store
from rtgmock.storage.tables import FORMAT
from tests.support.scaling import MAX_GROWTH, cpu_time, growth, without_garbage_collection
from tests.support.state_files import STATE_ID, state_tables
from tests.support.values import record

if TYPE_CHECKING:
    from pathlib import Path

INSTANCES = 10_000
MAX_TIMES = 2.4
"""How many times as long as the parsing of its JSON the opening of a file may take."""


def state_file(folder: Path, count: int) -> Path:
    """Write a state with instances that differ in what emulators make different."""
    path = folder / f"{count}.json"
    head = {"format": FORMAT, "state_id": STATE_ID, "last_instance_id": count}
    rows = {str(n): record(id=n, port=9000 + n, label=f"ray-{n}", password=f"{n:032x}") for n in range(1, count + 1)}
    path.write_bytes(orjson.dumps(state_tables() | {"rtgmock": {"1": head}, "instances": rows}))
    return path


def open_and_close(path: Path) -> None:
    Store.open(path, STATE_ID).close()


def test_a_state_file_is_opened_in_linear_time(tmp_path: Path) -> None:
    assert growth(open_and_close, lambda count: state_file(tmp_path, count), INSTANCES // 4) <= MAX_GROWTH


def test_a_state_file_is_opened_in_little_more_than_the_time_of_its_parsing(tmp_path: Path) -> None:
    path = state_file(tmp_path, INSTANCES)
    content = path.read_bytes()
    opening = parsing = float("inf")
    with without_garbage_collection():
        for _ in range(20):
            opening, parsing = (
                min(opening, cpu_time(open_and_close, path)),
                min(parsing, cpu_time(orjson.loads, content)),
            )
            if opening <= MAX_TIMES * parsing:
                break

    assert opening <= MAX_TIMES * parsing
