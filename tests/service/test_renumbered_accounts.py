"""Requests that wait while a whole state is loaded in which their account has another number."""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import NotFound
from rtgmock.settings.parsers import Credentials
from rtgmock.storage.store import Store
from tests.support.slow_engine import DEADLINE, STATE_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from tests.support.slow_engine import SlowService

ACCOUNTS = (Credentials("username", "password"), Credentials("other", "password"))
SWAPPED = [{"id": 2, "name": "username"}, {"id": 1, "name": "other"}]


def load_meanwhile(service: SlowService, document: dict[str, Any], job: Callable[[], Any]) -> Future[Any]:
    """Start to load a document, and do the job, which has to wait till that is done."""
    checkpoint = service.engine.checkpoint("destroy", 1)
    loading = service.run_until(checkpoint, service.maintenance.load, document)
    waiting = service.run(job)
    assert not wait([waiting], timeout=0.1).done
    checkpoint.opened.set()
    loading.result(DEADLINE)
    return waiting


def test_a_create_stores_the_account_s_present_number(
    start_service: Callable[..., SlowService], tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    service = start_service(state=path, accounts=ACCOUNTS)
    service.create()

    creating = load_meanwhile(service, {"accounts": SWAPPED[:1]}, service.create)

    made = creating.result(DEADLINE)
    assert made["user_id"] == service.store.accounts()["username"] == 2
    service.store.close()
    Store.open(path, STATE_ID).close()


def test_an_account_keeps_to_its_own_instances(start_service: Callable[..., SlowService]) -> None:
    service = start_service(accounts=ACCOUNTS)
    service.create()
    document = {"accounts": SWAPPED, "instances": [{"plan": "nano", "account": "other"}]}

    checkpoint = service.engine.checkpoint("destroy", 1)
    loading = service.run_until(checkpoint, service.maintenance.load, document)
    with pytest.raises(NotFound):  # the new state is stored, although the old Redis is still there
        service.run(service.destroy, 1).result(DEADLINE)
    checkpoint.opened.set()
    loading.result(DEADLINE)

    with pytest.raises(NotFound):
        service.destroy(1)
    with pytest.raises(NotFound):
        service.update(1, timeout=7)
    assert service.provisioner.list(service.account) == []
    assert [record["timeout"] for record in service.store.instances()] == [150]
