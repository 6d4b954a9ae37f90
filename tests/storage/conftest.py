"""Fixtures: storages and stores, in memory and in a file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from rtgmock.storage.file import FileStorage
from rtgmock.storage.state import Server, State
from rtgmock.storage.store import Store
from rtgmock.storage.transactional import MemoryStorage
from tests.support.state_files import OLD, STATE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rtgmock.storage.transactional import TransactionalStorage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "state.json"


@pytest.fixture(params=[MemoryStorage, FileStorage])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TransactionalStorage]:
    arguments = () if request.param is MemoryStorage else (tmp_path / "state.json",)
    with contextlib.closing(request.param(*arguments)) as opened:
        yield opened


@pytest.fixture
def file(path: Path) -> Iterator[FileStorage]:
    """An open file that holds ``OLD``."""
    with contextlib.closing(FileStorage(path)) as opened:
        opened.write(OLD)
        yield opened


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    with contextlib.closing(Store.open(None if request.param == "memory" else path, STATE_ID)) as opened:
        with opened.transaction() as change:
            change.replace(State(servers={1: Server("ray")}, accounts={1: "username", 2: "other"}, last_instance_id=5))
        yield opened
