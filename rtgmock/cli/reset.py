"""``rtgmock reset``: returns a running emulator to its start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rtgmock.cli.running import control_options, with_emulator
from rtgmock.text import counted, printable

if TYPE_CHECKING:
    from rtgmock.cli.running import RunningEmulator


@click.command(
    "reset",
    short_help="Return a running emulator to its start.",
    params=[
        click.Option(["--account"], metavar="NAME", help="Reset this account alone."),
        *control_options(),
    ],
)
@with_emulator
def reset(emulator: RunningEmulator, account: str | None, *, as_json: bool) -> None:
    """Return a running emulator to its start: instances, faults, clock and requests.

    Example: rtgmock reset --account ann
    """
    state = emulator.send("POST", "reset", {} if account is None else {"account": account})
    if as_json:
        click.echo(json.dumps(state))
        return
    whose = "" if account is None else f" the account {printable(account)}"
    click.echo(f"reset{whose}: {counted(len(state['instances']), 'instance')}")
