"""Fixtures of the server's tests."""

from __future__ import annotations

import pytest


@pytest.fixture(params=[False, True], ids=["http", "https"])
def tls(request: pytest.FixtureRequest) -> bool:
    """Has a test run once over HTTP and once over HTTPS."""
    return bool(request.param)
