"""A client of the API for emulators that run as commands or in containers."""

from __future__ import annotations

from typing import Any

import requests

from tests.conftest import AUTH


class ApiClient:
    """Calls the API at ``url``; each call opens a new session."""

    def __init__(self, url: str, auth: tuple[str, str] = AUTH) -> None:
        self.url = url
        self._auth = auth

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, auth=self._auth, timeout=60, **options)

    def create(self, **attributes: Any) -> dict[str, Any]:
        """Create an instance and return it. Raises LookupError when it is refused."""
        answer = self.call("POST", "/instances.json", json={"plan": "nano", **attributes})
        if answer.status_code != requests.codes.created:
            raise LookupError(f"{answer.status_code} {answer.text}")
        created: dict[str, Any] = answer.json()
        return created

    def instance(self, number: int = 1) -> dict[str, Any]:
        shown: dict[str, Any] = self.call("GET", f"/instances/{number}.json").json()
        return shown
