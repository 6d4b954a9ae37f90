"""``Emulator.create``: an instance without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.errors import Invalid

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


@pytest.mark.parametrize("version", [2010, 2012])
def test_it_shows_what_a_client_is_shown(serve: Serve, version: int) -> None:
    api = serve(api=version)

    created = api.emulator.create(plan="mini", label="mongrel", slave=False)

    assert (created["label"], created["status"]) == ("mongrel", "new")
    assert api.get("/instances/1.json").json() == created | {"status": "running"}


def test_no_request_is_made(api: Served) -> None:
    api.emulator.create(plan="nano")

    assert (api.log, len(api.emulator.requests)) == ([], 0)


def test_its_url_has_the_host_that_is_advertised(serve: Serve) -> None:
    created = serve(hostname="{server}.example.com").emulator.create(plan="nano")

    assert created["hostname"] == f"{created['label'].partition('-')[0]}.example.com"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({}, "Plan can't be blank"),
        ({"plan": "huge"}, "Plan"),
        ({"plan": "nano", "lable": "x"}, "lable is not an attribute; did you mean label?"),
        ({"plan": "nano", "qqq": "x"}, "qqq is not an attribute"),
    ],
)
def test_wrong_attributes_are_refused_and_make_nothing(api: Served, attributes: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        api.emulator.create(**attributes)

    assert not api.emulator.store.instances()
