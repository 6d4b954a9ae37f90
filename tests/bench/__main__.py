"""The command: ``python -m tests.bench``."""

from __future__ import annotations

import shlex
import signal
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tests.bench import in_process, many
from tests.bench.http import BenchError
from tests.bench.machine import describe
from tests.bench.measure import Measurement, Plan
from tests.bench.results import Results
from tests.bench.servers import FLOORS, PEERS, RTGMOCK, Server
from tests.support.ports import PortBlock

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE = Path.home() / ".cache" / "rtgmock-bench"


@click.command()
@click.option("--rounds", default=Plan.rounds, show_default=True, help="Measurements of each server, in turns.")
@click.option("--starts", default=Plan.starts, show_default=True, help="Starts of each server, in turns.")
@click.option("--seconds", default=Plan.seconds, show_default=True, help="Seconds of each load.")
@click.option("--warm", default=Plan.warm_seconds, show_default=True, help="Seconds of the load before it.")
@click.option("--requests", default=Plan.requests, show_default=True, help="Requests before the memory is measured.")
@click.option("--emulators", default=Plan.emulators, show_default=True, help="Emulators that are started at once.")
@click.option("--peer", "peers", multiple=True, help="Only these peers; may be repeated. 'none' for none.")
@click.option(
    "--cache", default=CACHE, show_default=True, type=click.Path(path_type=Path), help="Where peers are kept."
)
def main(  # noqa: PLR0917 - a parameter for each option
    rounds: int,
    starts: int,
    seconds: float,
    warm: float,
    requests: int,
    emulators: int,
    peers: tuple[str, ...],
    cache: Path,
) -> None:
    """Measure rtgmock beside its peers, and print a Markdown table."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server that is measured is ended, too
    plan = Plan(rounds, starts, seconds, warm, requests=requests, emulators=emulators)
    chosen = [peer for peer in PEERS if not peers or peer.name.lower() in {name.lower() for name in peers}]
    click.echo(run(plan, chosen, cache))


def run(plan: Plan, peers: list[Server], cache: Path) -> str:
    """Measure everything, and return the report in Markdown."""
    found = Results()
    servers = {server.name: server for server in (RTGMOCK, *FLOORS)} | {peer.name: peer for peer in peers}
    packages = {name: path for name, server in servers.items() if (path := _installed(server, cache, found))}
    try:
        _rounds(plan, servers, packages, found)
        own_figures = _own_figures(plan)
    except KeyboardInterrupt:
        found.notes.append("it was interrupted: the table has what was measured until then")
        own_figures = []
    names = [name for name in servers if any(name in row for row in found.samples.values())]
    table = found.table(names, RTGMOCK.name, [floor.name for floor in FLOORS])
    command = shlex.join(["python", "-m", "tests.bench", *sys.argv[1:]])
    notes = [f"- {note}" for note in found.notes]
    return "\n".join([f"{describe()}. Command: `{command}`.", "", table, "", *own_figures, *notes])


def _rounds(plan: Plan, servers: dict[str, Server], packages: dict[str, Path], found: Results) -> None:
    """Measure all servers in turns, first their starts; one that fails is left out from then on."""
    ports = PortBlock.reserve()
    turns: list[tuple[str, Callable[[Measurement], None]]] = [
        *((f"start {number + 1} of {plan.starts}", Measurement.start) for number in range(plan.starts)),
        *(
            (f"round {number + 1} of {plan.rounds}", partial(_measure, last=number == plan.rounds - 1))
            for number in range(plan.rounds)
        ),
    ]
    for turn, measure in turns:
        for name, package in list(packages.items()):
            _progress(f"{turn}: {name}")
            try:
                measure(Measurement(servers[name], package, plan, found, ports))
            except BenchError as error:
                found.notes.append(f"{name} is left out: {error}")
                del packages[name]


def _installed(server: Server, cache: Path, found: Results) -> Path | None:
    """Return where a server's package is installed; None when it cannot be, which the notes say."""
    if server.package is None:
        return cache
    _progress(f"installing {server.name}")
    try:
        return server.package.install(cache)
    except BenchError as error:
        found.notes.append(f"{server.name} is absent: {error}")
        return None


def _measure(measurement: Measurement, *, last: bool) -> None:
    measurement.pinned(last=last)
    measurement.free()


def _own_figures(plan: Plan) -> list[str]:
    """Return what has no peer: the shares in the process, and the emulators that are started at once."""
    _progress("in the process")
    taken = in_process.microseconds(plan.repeats, plan.calls)
    lines = [f"- in the process, {name}: {_spread(values)}" for name, values in taken.items()]
    lines += [f"- {name}: {_spread(values)}" for name, values in in_process.shares(taken).items()]
    _progress(f"{plan.emulators} emulators at once")
    try:
        outcome = f"all have answered after {many.start(plan.emulators):.1f} s"
    except BenchError as error:
        outcome = f"failed: {error}"
    return [*lines, f"- {plan.emulators} emulators started at once: {outcome}"]


def _spread(values: list[float]) -> str:
    """Return the median with the quartiles, in microseconds."""
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return f"{middle:.0f} µs ({low:.0f} to {high:.0f})"


def _progress(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
