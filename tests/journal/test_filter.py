"""Which requests a filter matches, asked for by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.journal import shown_requests

if TYPE_CHECKING:
    from tests.conftest import Served


@pytest.fixture
def api_with_requests(api: Served) -> Served:
    """An emulator that has received four requests, a minute apart."""
    for method, path in (
        ("POST", "/instances.json"),
        ("GET", "/instances/1.json"),
        ("GET", "/instance"),
        ("GET", "/x"),
    ):
        api.call(method, path, data={"plan": "nano"} if method == "POST" else None)
        api.clock.advance(60)
    return api


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4]),
        ("?method=get", [2, 3, 4]),
        ("?path=/instances.json", [1]),
        ("?path=/instances*", [1, 2]),
        ("?path=*json", [1, 2]),
        ("?path=/inst", []),
        ("?path=/i.*", []),
        ("?status=404", [3, 4]),
        ("?status=2XX", [1, 2]),
        ("?since=2", [3, 4]),
        ("?since=2010-12-20T00:37:22Z", [3, 4]),
        ("?since=2010-12-20T01:37:22%2B01:00", [3, 4]),
        ("?since=2010-12-20T01:37:22+01:00", [3, 4]),
        ("?since=2010-12-20T00:38:00", [4]),
        ("?account=username", [1, 2, 3, 4]),
        ("?account=other", []),
        ("?unmatched=1", [3, 4]),
        ("?limit=2", [3, 4]),
        ("?limit=1&status=2xx", [2]),
        ("?text=PLAN=nano", [1]),
        ("?text=did+you+mean", [3]),
        ("?text=nano&limit=1", [2]),
        ("?method=GET&status=404&path=/x", [4]),
    ],
)
def test_a_filter_matches_these_requests(api_with_requests: Served, query: str, numbers: list[int]) -> None:
    assert [entry["number"] for entry in shown_requests(api_with_requests, query)] == numbers


def test_a_secret_is_not_found_by_searching_for_it(api: Served) -> None:
    made = api.create(label="mongrel")

    assert shown_requests(api, "?text=mongrel") != []
    assert shown_requests(api, f"?text={made['password']}") == []
    assert shown_requests(api, f"?text={made['password'][:4]}") == []
