"""Tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rtgmock.cli.table import print_table

if TYPE_CHECKING:
    import pytest


def test_a_status_is_coloured_and_a_label_of_that_name_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["failed", "running"], ["cache", "starting"], ["spare", "failed"], ["fresh", "new"]]
    with click.Context(click.Command("state"), allow_extra_args=True) as context:
        context.color = True
        print_table(("label", "status"), rows)

    _, *lines = capsys.readouterr().out.splitlines()
    styles = {"running": "green", "starting": "yellow", "failed": "red", "new": None}
    assert lines == [
        f"{label:<6}  {click.style(f'{status:<8}', fg=styles[status]) if styles[status] else status}"
        for label, status in rows
    ]
