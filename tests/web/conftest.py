"""Fixtures for tests of refused requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Served


@pytest.fixture
def unchanged_api(api: Served) -> Iterator[Served]:
    """An emulator with an instance, which must answer after the test as it did before."""
    api.create()
    before = api.get("/instances.json").json()
    yield api
    assert api.get("/instances.json").json() == before
