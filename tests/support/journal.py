"""Exchanges for a journal, and what the control API shows of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtgmock.journal.exchange import Body, Exchange
from tests.support.clock import START

if TYPE_CHECKING:
    from tests.conftest import Served


def exchange(path: str = "/instances", size: int = 0, **more: Any) -> Exchange:
    """A GET that was answered with 200; its body has ``size`` bytes."""
    return Exchange(
        **{"method": "GET", "path": path, "status": 200, "moment": START, **more}, body=Body.of(b"x" * size)
    )


def shown_requests(api: Served, query: str = "") -> list[dict[str, Any]]:
    """The requests that ``GET requests`` shows, with a query as ``?status=404``."""
    answer = api.get(f"/_rtgmock/requests{query}")
    assert answer.status_code == 200, answer.text
    requests: list[dict[str, Any]] = answer.json()["requests"]
    return requests
