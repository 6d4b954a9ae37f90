"""The command ``python -m tests.bench.storage``: what a durable change costs, beside one that writes the whole file.

All figures are of one run: creates by one thread and by eight, through the use cases and without HTTP, with the state
on disk; and the start of an emulator that has many instances.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import click
import orjson
import requests

from rtgmock.emulator import Emulator
from rtgmock.paths import HEALTH_PATH
from rtgmock.storage.file import FileStorage
from rtgmock.storage.files import replace_file, sync_folder
from rtgmock.storage.state_file import encoded
from tests.bench.http import Request
from tests.bench.machine import describe
from tests.bench.processes import Process
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from rtgmock.storage.changes import Changes

COUNTS = (10, 1_000, 10_000)
THREADS = 8


class WholeFileStorage(FileStorage):
    """Writes the whole file at each commit, as the first version did."""

    def _append(self, changes: Changes) -> None:
        replace_file(self.path, encoded(self._latest.tables, None))
        sync_folder(self.path.parent)

    def _sync(self) -> None:
        """Do nothing: the file is synced."""


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Measurements of each kind, in turns.")
@click.option("--creates", default=200, show_default=True, help="Creates in one measurement.")
def main(rounds: int, creates: int) -> None:
    """Measure creates and starts at 10, 1,000 and 10,000 instances, and print a Markdown table."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="rtgmock-bench-") as folder:
        for number in range(rounds):
            click.echo(f"round {number + 1} of {rounds}", err=True)
            for count in COUNTS:
                path = Path(folder, f"{number}-{count}.json")
                _fill(path, count)
                found.setdefault(f"a create at {count:,} instances, ms", []).append(_create(path, creates, 1))
                found.setdefault(f"start with {count:,} instances, s", []).append(_start(path))
            path = Path(folder, f"{number}-writers.json")
            _fill(path, 1_000)
            eight = f"a create by each of {THREADS} writers at 1,000 instances, ms"
            found.setdefault(eight, []).append(_create(path, creates * 4, THREADS))
            with mock.patch("rtgmock.storage.file.FileStorage", WholeFileStorage):
                found.setdefault(f"{eight}, whole file", []).append(_create(path, creates, THREADS))
    click.echo(f"{describe()}. Command: `{' '.join(['python', '-m', 'tests.bench.storage', *sys.argv[1:]])}`.\n")
    click.echo("| what | median | lowest to highest |\n| --- | --- | --- |")
    for name, values in found.items():
        click.echo(f"| {name} | {statistics.median(values):.3g} | {min(values):.3g} to {max(values):.3g} |")
    durable = f"a create at {COUNTS[-1]:,} instances, ms", f"a create at {COUNTS[0]:,} instances, ms"
    for name, (more, less) in {
        f"a create at {COUNTS[-1]:,} instances, to one at {COUNTS[0]:,}": durable,
        "a create of eight writers that write the whole file, to one that is appended": (f"{eight}, whole file", eight),
    }.items():
        ratios = [one / other for one, other in zip(found[more], found[less], strict=True)]
        click.echo(f"| {name} | {statistics.median(ratios):.3g} | {min(ratios):.3g} to {max(ratios):.3g} |")


def _emulator(path: Path) -> Emulator:
    return Emulator(state=path, ports="10001-59999")


def _fill(path: Path, count: int) -> None:
    with _emulator(path) as emulator:
        answer = requests.put(
            f"{emulator.url}/_rtgmock/state",
            orjson.dumps({"instances": [{"plan": "nano"}] * count}),
            auth=(emulator.username, emulator.password),
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
        answer.raise_for_status()


def _start(path: Path) -> float:
    """Return the seconds from the command to the first answer of an emulator on a state file."""
    [port] = free_ports(1)
    options = ["--port", str(port), "--state", path.name, "--redis", "off"]
    with Process([sys.executable, "-m", "rtgmock", "serve", *options], path.parent) as process:
        return process.await_answer(port, Request("GET", HEALTH_PATH))


def _create(path: Path, creates: int, threads: int) -> float:
    """Return the milliseconds from one create to the next, of all threads together."""
    with _emulator(path) as emulator:
        provisioner, account = emulator._parts.provisioner, emulator.username
        with ThreadPoolExecutor(threads) as pool:

            def create(count: int) -> None:
                list(pool.map(lambda _: provisioner.create(account, {"plan": "nano"}), range(count)))

            create(20)
            started = time.perf_counter()
            create(creates)
            return (time.perf_counter() - started) / creates * 1e3


if __name__ == "__main__":
    main()
