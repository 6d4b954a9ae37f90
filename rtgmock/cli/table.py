"""Tables for people: aligned columns, coloured on a terminal only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rtgmock.model.lifecycle import Status
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS: dict[str, str] = {Status.RUNNING: "green", Status.STARTING: "yellow", Status.FAILED: "red"}
"""The colours of an instance's statuses; the others have none."""


def print_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows below their head, in columns as wide as their longest text. A status is coloured."""
    texts = [[printable(str(value)) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    click.echo(click.style(_line(head, widths), dim=True))
    for row in texts:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        click.echo("  ".join(_styled(name, text) for name, text in zip(head, padded, strict=True)).rstrip())


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _styled(column: str, text: str) -> str:
    colour = COLOURS.get(text.strip()) if column == "status" else None
    return click.style(text, fg=colour) if colour else text
