"""The same seed and the same requests give the same bytes, also for faults with a probability."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support import raw

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.command import Command

BASIC = "Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
JSON = "Content-Type: application/json"
REQUESTS = [
    ("POST /_rtgmock/clock", JSON, b'{"set": "2012-09-21T15:03:44Z", "freeze": true}'),
    ("POST /instances.json", BASIC, b"plan=nano"),
    ("POST /instances.xml", BASIC, b"plan=small&label=mongrel"),
    ("GET /instances.json", BASIC, b""),
    ("POST /_rtgmock/faults", JSON, b'{"status": 503, "probability": 0.5}'),
    *[("GET /instances/1.xml", BASIC, b"")] * 20,
    ("POST /_rtgmock/faults", JSON, b'{"truncate": "half", "probability": 0.3}'),
    *[("GET /instances.xml", BASIC, b"")] * 20,
    ("GET /_rtgmock/faults", JSON, b""),
    ("GET /_rtgmock/state", JSON, b""),
]


def answers(served: Command) -> list[bytes]:
    """Return all answers, without the header Date, which has the machine's time."""
    received = []
    for line, header, body in REQUESTS:
        with raw.connect(served.url) as connection:
            connection.sendall(raw.head(f"{line} HTTP/1.1\nHost: localhost\nConnection: close\n{header}", body))
            received.append(re.sub(rb"Date: [^\r]*\r\n", b"", raw.receive(connection)))
    return received


@pytest.fixture
def seeded(command: Callable[..., Command]) -> Callable[[int], Command]:
    return lambda seed: command("--state", ":memory:", "--random-seed", str(seed))


def test_the_same_seed_gives_the_same_bytes(seeded: Callable[[int], Command]) -> None:
    first = answers(seeded(7))

    assert answers(seeded(7)) == first
    assert {answer[9:12] for answer in first} == {b"200", b"201", b"503"}


def test_another_seed_gives_others(seeded: Callable[[int], Command]) -> None:
    assert answers(seeded(7)) != answers(seeded(8))


def test_a_reset_gives_the_same_bytes_as_a_start(seeded: Callable[[int], Command]) -> None:
    served = seeded(7)
    first = answers(served)

    raw.send(served.url, raw.head(f"POST /_rtgmock/reset HTTP/1.1\nHost: localhost\nConnection: close\n{JSON}"))

    assert answers(served) == first
