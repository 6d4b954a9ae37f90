"""What tests ask of an instance and its Redis, and for which engines they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import until
from tests.support.redis_client import answers, ask

if TYPE_CHECKING:
    from tests.conftest import Served
    from tests.support.api_client import ApiClient

only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)
only_docker = pytest.mark.parametrize("engine_name", ["docker"], indirect=True)


def status(api: Served | ApiClient, number: int = 1) -> str:
    """Return an instance's status."""
    response = api.call("GET", f"/instances/{number}.json")
    shown: str = response.json()["status"]
    return shown


def is_revived(api: Served | ApiClient, url: str) -> bool:
    """Wait until instance 1 answers and its status is running; until then the status must be failed."""

    def is_well() -> bool:
        seen = status(api)
        assert seen in {"running", "failed"}
        return seen == "running" and answers(url)

    return until(is_well)


def save(url: str) -> None:
    """Send BGSAVE, and wait until the snapshot is written."""
    ask(url, "BGSAVE")
    assert until(lambda: not ask(url, "INFO", "persistence")["rdb_bgsave_in_progress"])
