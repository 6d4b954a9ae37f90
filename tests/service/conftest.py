"""Fixtures: the use cases without HTTP, over an engine that a test controls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.slow_engine import SlowService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def start_service() -> Iterator[Callable[..., SlowService]]:
    """Starts use cases over a slow engine: ``start_service(boot_delay=...)``. In memory unless told otherwise."""
    services: list[SlowService] = []
    with ThreadPoolExecutor(4) as pool:

        def start(**settings: Any) -> SlowService:
            services.append(SlowService(pool, **settings))
            return services[-1]

        yield start
        for service in services:
            service.close()


@pytest.fixture
def service(start_service: Callable[..., SlowService]) -> SlowService:
    """The use cases with the default settings."""
    return start_service()
