"""Fixtures for tests of requests that change nothing, which share an emulator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import pytest

from rtgmock.model.attributes import DOCUMENTED
from rtgmock.settings.config import Config
from tests.conftest import Served
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shared(Protocol):
    def __call__(self, version: int = DOCUMENTED) -> Served: ...


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    """Return the emulator of a version of the API that the tests of a module share, with one instance.

    A test must leave it as it was.
    """
    with contextlib.ExitStack() as stack:
        running: dict[int, Served] = {}

        def get(version: int = DOCUMENTED) -> Served:
            if version not in running:
                config = Config(port=0, state=None, random_seed=7, redis="off", api=version)
                running[version] = stack.enter_context(contextlib.closing(Served(config, ManualClock())))
                running[version].create()
            return running[version]

        yield get


@pytest.fixture
def unchanged_api(shared: Shared) -> Iterator[Served]:
    """A shared emulator, which must show its instances after the test as before."""
    api = shared()
    before = api.get("/instances.json").json()
    yield api
    assert api.get("/instances.json").json() == before
