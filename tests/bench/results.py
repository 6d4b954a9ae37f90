"""What was measured: samples by row and server, their medians and spreads, as Markdown."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Row:
    """A row of the table: what is measured, and how a figure is written. ``most`` tells whether more is better."""

    name: str
    unit: str
    most: bool = False


STARTS = Row("start to first answer", "s")
CYCLES = Row("cycles of create, list, show, update, delete on fresh connections", "s")
RATE_1 = Row("show, 1 connection", "/s", most=True)
RATE_8 = Row("show, 8 connections", "/s", most=True)
P99_8 = Row("show, 8 connections, p99", "ms")
XML_8 = Row("show in XML, 8 connections", "/s", most=True)
FREE_1 = Row("show, 1 connection, not pinned", "/s", most=True)
FREE_8 = Row("show, 8 connections, not pinned", "/s", most=True)
FREE_P99 = Row("show, 8 connections, p99, not pinned", "ms")
BUSY_1 = Row("show, 1 connection, all cores busy", "/s", most=True)
BUSY_8 = Row("show, 8 connections, all cores busy", "/s", most=True)
BUSY_P99 = Row("show, 8 connections, p99, all cores busy", "ms")
MEMORY_IDLE = Row("memory, idle", "MB")
MEMORY_USED = Row("memory after the load", "MB")
ROWS = (
    *(STARTS, CYCLES, RATE_1, RATE_8, P99_8, XML_8),
    *(FREE_1, FREE_8, FREE_P99, BUSY_1, BUSY_8, BUSY_P99, MEMORY_IDLE, MEMORY_USED),
)


@dataclass
class Results:
    """The samples. ``notes`` say what could not be measured, and why."""

    samples: dict[Row, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    notes: list[str] = field(default_factory=list)

    def add(self, row: Row, server: str, value: float) -> None:
        self.samples[row][server].append(value)

    def table(self, servers: Sequence[str], own: str, floors: Sequence[str]) -> str:
        """Return a row for each measurement, a column for each server, and the ratio to the best peer in the last."""
        peers = [server for server in servers if server not in {own, *floors}]
        lines = [_line(["", *servers, f"{own} / best peer"]), _line(["---"] * (len(servers) + 2))]
        for row in ROWS:
            if found := self.samples.get(row):
                cells = [written(found[server], row) if server in found else "-" for server in servers]
                ratio = _ratio(found[own], [found[peer] for peer in peers if peer in found], row)
                lines.append(_line([f"{row.name}, {row.unit}" if row.unit != "/s" else row.name, *cells, ratio]))
        return "\n".join(lines)


def written(values: Sequence[float], row: Row) -> str:
    """Return the median with the spread from the least to the greatest: ``7,100 (6,900 to 7,200)``."""
    middle = _figure(statistics.median(values))
    least, most = _figure(min(values)), _figure(max(values))
    return f"{middle}{row.unit if row.unit == '/s' else ''}" + (f" ({least} to {most})" if least != most else "")


def _ratio(own: Sequence[float], peers: Sequence[Sequence[float]], row: Row) -> str:
    """Return the ratio of the medians with the ratios that the spreads allow; nothing without a peer."""
    if not (own and peers):
        return "-"
    best_of: Callable[..., Sequence[float]] = max if row.most else min
    best = best_of(peers, key=statistics.median)
    middle = statistics.median(own) / statistics.median(best)
    return f"{middle:.2f} ({min(own) / max(best):.2f} to {max(own) / min(best):.2f})"


def _figure(value: float) -> str:
    if abs(value) >= 100:
        return f"{round(value, -1 if abs(value) >= 1000 else 0):,.0f}"
    return f"{value:.3g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
