"""What was measured: samples by row and server, their medians and spreads, as Markdown."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Row:
    """A row of the table: what is measured, and how a figure is written. ``most`` tells whether more is better."""

    name: str
    unit: str
    most: bool = False
    compared: bool = True
    """Whether a server can be better in it than another one."""

    @property
    def label(self) -> str:
        """The name with the unit, where the figures don't have that."""
        return f"{self.name}, {self.unit}" if self.unit not in {"/s", ""} else self.name


STARTS = Row("start to first answer", "s")
CYCLES = Row("cycles of create, list, show, update, delete on fresh connections", "s")
XML_8 = Row("show in XML, 8 connections", "/s", most=True)


class LoadRows(NamedTuple):
    """The rows of a load in one of its circumstances: of 1 connection, and of 8."""

    rate_1: Row
    rate_8: Row
    p99_8: Row
    cores_8: Row
    """How many cores the server had meanwhile: the seconds of CPU in a second."""
    per_cpu_second_8: Row
    """How many answers a second of CPU is enough for."""

    @classmethod
    def named(cls, circumstances: str = "") -> LoadRows:
        """Return the rows of a load, whose names end with the circumstances."""
        more = f", {circumstances}" if circumstances else ""
        return cls(
            Row(f"show, 1 connection{more}", "/s", most=True),
            Row(f"show, 8 connections{more}", "/s", most=True),
            Row(f"show, 8 connections, p99{more}", "ms"),
            Row(f"show, 8 connections, cores that the server had{more}", "", compared=False),
            Row(f"show, 8 connections, answers for a second of CPU{more}", "/s", most=True),
        )


PINNED = LoadRows.named()
FREE = LoadRows.named("not pinned")
BUSY = LoadRows.named("all cores busy")
MEMORY_IDLE = Row("memory, idle", "MB")
MEMORY_USED = Row("memory after the load", "MB")
ROWS = (STARTS, CYCLES, *PINNED, XML_8, *FREE, *BUSY, MEMORY_IDLE, MEMORY_USED)


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
                lines.append(_line([row.label, *cells, ratio]))
        return "\n".join(lines)


def written(values: Sequence[float], row: Row) -> str:
    """Return the median with the spread from the least to the greatest: ``7,100 (6,900 to 7,200)``."""
    middle = _figure(statistics.median(values))
    least, most = _figure(min(values)), _figure(max(values))
    return f"{middle}{row.unit if row.unit == '/s' else ''}" + (f" ({least} to {most})" if least != most else "")


def _ratio(own: Sequence[float], peers: Sequence[Sequence[float]], row: Row) -> str:
    """Return the ratio of the medians with the ratios that the spreads allow; nothing without a peer."""
    if not (own and peers and row.compared):
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
