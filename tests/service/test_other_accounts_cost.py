"""What an account is shown takes the same time however many instances others have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.parsers import Credentials
from tests.support.scaling import growth

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.service.provisioner import Provisioner
    from tests.conftest import Serve

ACCOUNTS = (Credentials("username", "password"), Credentials("other", "password"))
SIZE, MAX_GROWTH = 2500, 2
"""What grows with the number of instances takes four times as long for four times as many."""


@pytest.fixture
def beside(serve: Serve) -> Callable[[int], Provisioner]:
    """Give the use cases of an emulator where one account has one instance, and another account a number of them."""

    def start(count: int) -> Provisioner:
        api = serve(ports=range(10001, 60000), accounts=ACCOUNTS, hostname="{server}.example.org")
        instances = [{"plan": "mega", "account": "other"}] * count + [{"plan": "nano", "account": "username"}]
        assert api.put("/_rtgmock/state", json={"instances": instances}).status_code == 200
        return api.emulator._parts.provisioner

    return start


def test_a_list_takes_the_same_time_beside_four_times_as_many_instances_of_others(
    beside: Callable[[int], Provisioner],
) -> None:
    def look(provisioner: Provisioner) -> None:
        [record] = provisioner.list("username")
        assert provisioner.get("username", record["id"]) == record
        assert len(provisioner.server_names([record])) == 1

    assert growth(look, beside, SIZE, enough=MAX_GROWTH) <= MAX_GROWTH
