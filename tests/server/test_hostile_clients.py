"""Hostile clients, and a good one beside them, whose answers stay quick; the server's memory stays small."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psutil
import pytest

from tests.support import raw
from tests.support.attack import Attack
from tests.support.command import until
from tests.support.good_client import GoodClient
from tests.support.load import create_request, exchange
from tests.support.rounds import rounds
from tests.support.serve_process import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.command import Command

pytestmark = pytest.mark.skipif(not psutil.LINUX, reason="the most memory that a process has had is told on Linux only")

MAX_P99 = 50.0
"""Milliseconds, on a machine that does nothing else. So this is looked at in nox -s long only."""
MAX_GROWTH = 30
"""How many times as long as without the attack the good client's median may be, wherever this runs."""
MAX_MEMORY = 150.0
FILES = 4096
CREATE = create_request("one", "keep-alive")
DELAY = raw.head(
    "POST /_rtgmock/faults HTTP/1.1\nHost: localhost\nContent-Type: application/json\nConnection: keep-alive",
    b'{"path": "/instances.json", "delay": 3600}',
)


class Case(NamedTuple):
    """So many attackers by default, and so many in nox -s long; ``instances`` make the list of them a large answer."""

    kind: str
    few: int
    many: int
    instances: tuple[int, int] = (1, 1)
    tls: bool = False
    files: int = FILES


LARGE = (100, 500)
CASES = {
    "idle": Case("idle", 200, 1000),
    "idle over TLS": Case("tls_idle", 100, 1000, tls=True),
    "idle after a large answer": Case("idle_after_list", 50, 1000, LARGE),
    "slow headers": Case("slow_headers", 200, 1000),
    "slow bodies": Case("slow_body", 100, 300),
    "slow chunks": Case("slow_chunks", 60, 300),
    "bodies that never come": Case("never_continued", 100, 500),
    "readers that don't read": Case("no_reader", 50, 400, LARGE),
    "readers that don't read TLS": Case("tls_no_reader", 30, 400, LARGE, tls=True),
    "half-open handshakes": Case("half_open_handshake", 60, 300, tls=True),
    "tunnels in which nothing is sent": Case("silent_tunnel", 60, 300, tls=True),
    "held answers": Case("held_answer", 200, 2000),
    "few files": Case("idle", 300, 300, files=256),
    "few files, and readers that don't read": Case("no_reader", 300, 300, LARGE, files=256),
    "single bytes": Case("single_bytes", 5, 20),
    "resets": Case("resets", 5, 20),
    "chunks of blank lines": Case("blank_chunks", 1, 4),
}
COMMON = ("idle", "slow headers", "slow bodies", "readers that don't read", "half-open handshakes", "few files")
CHOSEN = rounds({name: CASES[name] for name in COMMON}, CASES)
"""Each takes a process of its own, so the rest is left to nox -s long."""


@pytest.mark.long
@pytest.mark.parametrize("case", CHOSEN.values(), ids=CHOSEN)
def test_a_good_client_is_answered_quickly_beside(command: Callable[..., Command], case: Case) -> None:
    server = start(command, case)
    with GoodClient(server.url, server.process.pid) as client:
        client.ask_until(lambda asked: asked >= 50)
        alone = client.ask_until(lambda asked: asked >= 200)
        with Attack(case.kind, server.url, rounds(case.few, case.many)) as attack:
            beside = client.ask_until(lambda asked: asked >= 100 and attack.is_at_work_for(rounds(0.3, 10.0)))

    print(f"alone: {alone}\nbeside: {beside}\nconnections that ended: {attack.ended}")
    assert beside.memory < MAX_MEMORY
    assert beside.median < MAX_GROWTH * alone.median
    assert beside.p99 < rounds(float("inf"), MAX_P99)


def start(command: Callable[..., Command], case: Case) -> Command:
    options = ("--state", ":memory:", "--ports", "9001-19000", *(("--tls",) if case.tls else ()))
    server = command(*options, open_files=case.files)
    with raw.connect(server.url) as connection:
        for _ in range(rounds(*case.instances)):
            assert exchange(connection, CREATE).startswith(b"HTTP/1.1 201 ")
        if case.kind == "held_answer":
            assert exchange(connection, DELAY).startswith(b"HTTP/1.1 201 ")
    return server


@pytest.mark.long
def test_answers_that_are_held_back_need_no_threads(command: Callable[..., Command]) -> None:
    count = rounds(200, 2000)
    server = start(command, Case("held_answer", count, count))
    process = psutil.Process(server.process.pid)
    assert matched(server) == 0  # what answers this has its thread from now on
    before = process.num_threads()
    with raw.connections(server.url, count, raw.head(raw.LIST)):
        assert until(lambda: matched(server) == count)
        assert process.num_threads() == before


def matched(server: Command) -> int:
    """Return how many requests the delay has met."""
    [fault] = call("GET", f"{server.url}/_rtgmock/faults").json()["faults"]
    count: int = fault["matched"]
    return count
