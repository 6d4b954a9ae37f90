"""Connections that are reset without a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Served

CREATE = f"POST /instances.json HTTP/1.1\n{raw.AUTHORIZED}\nContent-Type: application/json"


@pytest.mark.parametrize(("drop", "made", "logged"), [("before", [], 444), ("after", [1], 201)])
def test_a_connection_is_dropped_before_or_after_the_change(
    api: Served, drop: Any, made: list[int], logged: int
) -> None:
    with api.emulator.fail("POST", drop=drop), pytest.raises(requests.ConnectionError, match="reset"):
        api.post("/instances.json", data={"plan": "nano"})

    assert (api.log[-1]["status"], api.log[-1]["fault"]) == (logged, "1")
    assert api.instance_ids() == made


def test_requests_after_a_dropped_one_on_its_connection_are_lost(api: Served) -> None:
    api.emulator.fail("POST", drop="after", nth=1)
    create = raw.head(f"{CREATE}\nConnection: keep-alive", b'{"plan": "nano"}')
    with raw.connect(api.url) as connection:
        connection.sendall(create + create)
        assert raw.receive(connection) == b""

    assert api.instance_ids() == [1]


def test_requests_before_a_dropped_one_on_its_connection_are_answered(api: Served) -> None:
    api.emulator.fail("POST", drop=True)
    with raw.connect(api.url) as connection:
        connection.sendall(raw.head(f"{raw.LIST}\nConnection: keep-alive"))
        answered = b""
        while not answered.endswith(b"[]"):
            answered += connection.recv(65536)
        connection.sendall(raw.head(CREATE, b'{"plan": "nano"}'))
        with pytest.raises(ConnectionResetError):
            connection.recv(65536)

    assert raw.parse(answered).body == b"[]"
