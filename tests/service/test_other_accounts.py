"""A request for another account's instance doesn't wait for what happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.errors import NotFound
from rtgmock.settings.parsers import Credentials
from tests.support.slow_engine import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.service.provisioner import Provisioner
    from tests.support.slow_engine import SlowService

ACCOUNTS = (Credentials("username", "password"), Credentials("other", "password"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda provisioner: provisioner.get("other", 1),
        lambda provisioner: provisioner.list("other"),
        lambda provisioner: provisioner.update("other", 1, {"timeout": 7}),
        lambda provisioner: provisioner.destroy("other", 1),
    ],
    ids=["get", "list", "update", "destroy"],
)
def test_a_request_does_not_wait_for_another_accounts_instance(
    start_service: Callable[..., SlowService], ask: Callable[[Provisioner], Any]
) -> None:
    service = start_service(accounts=ACCOUNTS)
    service.create()
    held = service.engine.checkpoint("apply", 1)
    update = service.run_until(held, lambda: service.update(1, timeout=30))

    asked = service.run(ask, service.provisioner)

    assert isinstance(asked.exception(DEADLINE / 2), NotFound | None)
    assert not update.done()
