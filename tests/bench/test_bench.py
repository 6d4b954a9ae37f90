"""The benchmark's code works, with tiny numbers and without the peers."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.bench.__main__ import run
from tests.bench.http import Answer, BenchError
from tests.bench.load import by_sockets
from tests.bench.measure import Plan
from tests.bench.results import PINNED, ROWS, Results
from tests.bench.servers import BODY_SIZE, PEERS, RTGMOCK, Server
from tests.support.command import environment, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.servers import Place
    from tests.conftest import Served

TINY = Plan(
    rounds=1,
    starts=1,
    seconds=0.05,
    warm_seconds=0.01,
    cycles=1,
    requests=1,
    emulators=1,
    calls=2,
    repeats=2,
    client=by_sockets,
)


def test_a_run_measures_every_row(tmp_path: Path) -> None:
    def fail(_: Place) -> list[str]:
        raise BenchError("java is not installed")

    report = run(TINY, [Server("broken", fail, RTGMOCK.show)], tmp_path)

    assert [row.name for row in ROWS if f"| {row.name}" not in report] == []
    assert "- broken is left out: java is not installed" in report
    assert "rtgmock is left out" not in report
    assert "- 1 emulators started at once: all have answered" in report


def test_a_row_has_medians_with_their_spread_and_the_ratio_to_the_best_peer() -> None:
    found = Results()
    for server, rates in {"ours": [2000, 1000, 3000], "one": [500], "other": [1000, 1000], "floor": [9000]}.items():
        for rate in rates:
            found.add(PINNED.rate_8, server, rate)

    assert found.table(["ours", "one", "other", "floor"], "ours", ["floor"]).splitlines()[2] == (
        "| show, 8 connections | 2,000/s (1,000 to 3,000) | 500/s | 1,000/s | 9,000/s | 2.00 (1.00 to 3.00) |"
    )


@pytest.mark.parametrize(
    ("received", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", b"1\r\na\r\n0\r\n\r\n"),
    ],
)
def test_an_answer_is_complete_with_its_last_byte(received: bytes, body: bytes) -> None:
    answer = Answer()
    assert [answer.feed(bytes([byte])) for byte in received] == [False] * (len(received) - 1) + [True]
    assert answer.body == body


def test_the_answer_of_rtgmock_has_the_size_of_the_others(api: Served) -> None:
    [create] = RTGMOCK.setup
    api.post(create.path, data=create.body, headers={"Content-Type": "application/json"})

    assert len(api.get(RTGMOCK.show.path).content) == BODY_SIZE
    assert {len(request.body) for peer in PEERS for request in peer.setup if request.path.endswith("/1")} == {BODY_SIZE}


def test_a_run_that_is_ended_prints_what_it_has_and_leaves_no_server(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.bench",
        "--rounds",
        "1",
        "--starts",
        "1",
        "--peer",
        "none",
        "--cache",
        str(tmp_path),
    ]
    bench = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    with bench:
        assert bench.stderr is not None
        assert next(bench.stderr) == "start 1 of 1: rtgmock\n"
        running = until(lambda: psutil.Process(bench.pid).children(recursive=True))
        bench.terminate()
        report, _ = bench.communicate(timeout=60)

    assert "- it was interrupted: the table has what was measured until then" in report
    assert bench.returncode == 0
    assert psutil.wait_procs(running, timeout=10)[1] == []
