"""What was answered is kept: under many threads at once, and through a stop under load."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import raw
from tests.support.load import DEADLINE, Client, create_until, create_until_refused, listed
from tests.support.rounds import rounds
from tests.support.state_files import stored_instances

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve
    from tests.support.command import Command


@pytest.mark.long
def test_no_create_is_lost_when_twenty_threads_create_at_once(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    api = serve(state=path, ports=range(10001, 60000))
    deadline = time.monotonic() + rounds(1, 5)

    def create_until_the_deadline(_: int) -> list[tuple[int, Any]]:
        answers = []
        with Client(api.url) as client:
            while time.monotonic() < deadline:
                answers.append(client.call("POST", "/instances.json", plan="nano"))
        return answers

    with ThreadPoolExecutor(20) as pool:
        answers = [answer for answers in pool.map(create_until_the_deadline, range(20)) for answer in answers]

    assert {status for status, _ in answers} == {201}
    made = {record["id"]: record | {"status": "running"} for _, record in answers}
    assert len(made) == len(answers)
    assert len({record["port"] for record in made.values()}) == len(answers)
    assert listed(api.url).keys() == made.keys()
    api.close()
    kept = stored_instances(path)
    assert kept.keys() == made.keys()
    for number, record in kept.items():
        assert record["boot"] is None
        assert {name: made[number][name] for name in record if name in made[number]}.items() <= record.items()


@pytest.mark.long
def test_a_stop_under_load_answers_each_request_whole_or_not_at_all(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    delays = random.Random(5)
    answered: dict[int, str] = {}
    for turn in range(rounds(2, 10)):
        server = command("--state", str(path), "--ports", "10001-59999")
        begun, over = threading.Event(), threading.Event()
        with ThreadPoolExecutor(8) as pool:
            working = [pool.submit(create_until_refused, server.url, f"{turn}-new-{n}", begun) for n in range(6)]
            working += [pool.submit(create_until, over, server.url, f"{turn}-kept-{n}", begun) for n in range(2)]
            assert begun.wait(DEADLINE)
            over.wait(delays.uniform(0.01, 0.3))
            server.signal(signal.SIGTERM)
            over.set()
            assert server.wait() == 0
        received = [received for future in working for received in future.result() if received]
        assert all(raw.is_whole(received) for received in received)
        answers = [raw.parse(received) for received in received]
        assert {answer.status for answer in answers} == {201}
        answered |= {made["id"]: made["label"] for made in (json.loads(answer.body) for answer in answers)}

        kept = {number: record["label"] for number, record in stored_instances(path).items()}
        assert answered.items() <= kept.items()
        assert not server.ready_file.exists()
