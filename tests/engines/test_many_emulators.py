"""Many emulators that start at once on one machine: all of them answer, and each has Redis servers of its own."""

from __future__ import annotations

import contextlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Command, until
from tests.support.ports import free_ports
from tests.support.redis_client import ask, run_id
from tests.support.requirements import skip_or_fail
from tests.support.rounds import rounds
from tests.support.serve_process import create

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = rounds(6, 50)


@pytest.fixture
def emulators(tmp_path: Path) -> Iterator[list[Command]]:
    """Emulators that are starting, all with the same ports for their Redis servers, which are just enough."""
    if shutil.which("redis-server") is None:
        skip_or_fail("redis", "redis-server is not installed")
    ports = free_ports(COUNT)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(starting(tmp_path / str(number), ports)) for number in range(COUNT)]


def starting(folder: Path, ports: range) -> Command:
    folder.mkdir()
    options = ("--redis", "process", "--ports", f"{ports[0]}-{ports[-1]}", "--state", "state.json")
    return Command(folder, *options, wait=False)


@pytest.mark.long
def test_emulators_that_start_at_once_all_answer_each_with_a_redis_of_its_own(emulators: list[Command]) -> None:
    for emulator in emulators:
        assert any(until(emulator.ready_file.exists) for _ in range(rounds(1, 5))), emulator.err
        emulator.url = emulator.ready_file.read_text().strip()
    with ThreadPoolExecutor(COUNT) as pool:
        instances: list[dict[str, Any]] = list(pool.map(create, [emulator.url for emulator in emulators]))

    urls = [instance["url"] for instance in instances]
    for number, url in enumerate(urls):
        assert ask(url, "SET", "number", number)
    assert [int(ask(url, "GET", "number")) for url in urls] == [*range(COUNT)]
    assert len({emulator.url for emulator in emulators}) == len({run_id(url) for url in urls}) == COUNT
    assert [emulator.stop() for emulator in emulators] == [0] * COUNT
