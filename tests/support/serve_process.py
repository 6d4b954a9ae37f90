"""What tests of ``rtgmock serve`` share: requests to it, rows of its banner, and how it refuses to start."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import requests

from tests.support.command import DEADLINE, Command

Start = Callable[..., Command]
"""The fixture ``command``: starts ``rtgmock serve`` with the arguments that it is called with."""

AUTH = ("username", "password")


def create(url: str, auth: tuple[str, str] = AUTH, **attributes: Any) -> dict[str, Any]:
    answer = call("POST", f"{url}/instances.json", auth=auth, json={"plan": "nano", **attributes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def call(method: str, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=DEADLINE, **{"auth": AUTH, **options})


def banner_row(server: Command, name: str) -> str:
    """What the banner says under a name."""
    match = re.search(rf"^  {re.escape(name)} +(.*)$", server.out, re.MULTILINE)
    assert match, server.out
    return match[1]
