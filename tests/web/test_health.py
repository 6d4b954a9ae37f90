"""The health endpoint."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


@pytest.fixture(params=[False, True], ids=["http", "https"])
def api(serve: Serve, request: pytest.FixtureRequest) -> Served:
    return serve(tls=request.param)


def test_the_health_endpoint_needs_no_account_and_shows_version_engine_and_uptime(api: Served) -> None:
    api.clock.advance(1.5)
    answer = api.get("/_rtgmock/health", auth=("nobody", ""))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"status": "ok", "version": "0.1.0", "engine": "off", "uptime": 1.5}


def test_the_health_endpoint_says_that_the_emulator_is_stopping(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    listing, release = threading.Event(), threading.Event()

    def slow(*_: object) -> dict[str, object]:
        listing.set()
        release.wait(10)
        return {}

    monkeypatch.setattr("rtgmock.service.maintenance.Maintenance.document", slow)
    with ThreadPoolExecutor() as pool, requests.Session() as session:
        session.trust_env, session.verify = False, api.session.verify
        assert session.get(f"{api.url}/_rtgmock/health").json()["status"] == "ok"
        listed = pool.submit(api.get, "/_rtgmock/state")
        assert listing.wait(5)
        stopped = pool.submit(api.emulator.stop)
        deadline = time.monotonic() + 5
        while (answer := session.get(f"{api.url}/_rtgmock/health")).status_code == 200 and time.monotonic() < deadline:
            pass
        release.set()

        assert answer.status_code == 503
        assert answer.json()["status"] == "stopping"
        assert listed.result(10).json() == {}
        stopped.result(10)
