"""State files to test with, and what a storage or a store makes of them."""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from tinydb import TinyDB

from rtgmock.errors import StartupError
from rtgmock.storage.file import FileStorage
from rtgmock.storage.store import Store
from rtgmock.storage.tables import FORMAT
from tests.support.values import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.storage.tables import Tables
    from rtgmock.storage.transactional import TransactionalStorage

    Change = Callable[[Tables], object]
    """Changes the content of a state file in place."""

T = TypeVar("T")

STATE_ID = "5eed"
OLD = {"fish": {"1": {"name": "ray"}}}
NEW = {"fish": {"1": {"name": "ray"}, "2": {"name": "catfish"}}}
NEWER = {"fish": {"2": {"name": "catfish"}, "3": {"name": "tuna"}}}


def state_tables() -> dict[str, Any]:
    """Return the content of a state file with one instance."""
    return {
        "rtgmock": {"1": {"format": FORMAT, "state_id": STATE_ID, "last_instance_id": 5}},
        "accounts": {"1": {"name": "username"}},
        "servers": {"1": {"name": "ray"}},
        "instances": {"1": record()},
    }


def changing_instance(**changes: Any) -> Change:
    return lambda content: content["instances"]["1"].update(changes)


def changing_row(table: str, number: str, value: Any) -> Change:
    return lambda content: content[table].__setitem__(number, value)


def tables_on_disk(path: Path) -> Tables:
    """Return what a state file and its journal hold together, as the next emulator would find it."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}.journal"):
            if path.with_name(name).exists():
                shutil.copy(path.with_name(name), folder)
        storage = FileStorage(Path(folder, path.name))
        try:
            return storage.read()
        finally:
            storage.abandon()


def tables_in_file(path: Path) -> Tables:
    """Return what plain TinyDB finds in a state file."""
    tables: Tables = json.loads(path.read_bytes())
    return {name: rows for name, rows in tables.items() if name != "journal"}


def in_other_thread(function: Callable[[], T]) -> T:
    """Return what a function returns in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(timeout=10)


def write_new(storage: TransactionalStorage) -> None:
    """Write ``NEW`` in a transaction."""
    with storage.transaction():
        storage.write(NEW)


def write_and_fail(storage: TransactionalStorage) -> None:
    """Write ``NEW`` in a transaction that fails with ZeroDivisionError."""
    with storage.transaction():
        storage.write(NEW)
        raise ZeroDivisionError


def store_refusal(path: Path, content: Tables) -> str:
    """Return the message by which a store refuses a file with that content, and leaves it unchanged and unlocked."""
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


def stored_instances(path: Path) -> dict[int, dict[str, Any]]:
    """Return the instances in a state file by id, as plain TinyDB reads them."""
    with TinyDB(path) as database:
        return {record["id"]: dict(record) for record in database.table("instances")}
