"""Requests to the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from tests.conftest import Served

JSON = {"Content-Type": "application/json"}


def control(api: Served, method: str, path: str, document: object = None, **options: Any) -> requests.Response:
    """A control request without credentials; a document is sent as JSON."""
    headers = JSON | options.pop("headers", {})
    body: dict[str, Any] = {"json": document} if document is not None else {}
    return requests.request(method, f"{api.url}/_rtgmock/{path}", headers=headers, timeout=10, **body, **options)
