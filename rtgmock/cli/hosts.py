"""``rtgmock hosts``: prints the names that lead to a running emulator, for a hosts file or for Compose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rtgmock.cli.output import print_line
from rtgmock.cli.running import find_emulator, target_options
from rtgmock.paths import SERVICE

if TYPE_CHECKING:
    from rtgmock.settings.parsers import Credentials


@click.command(
    "hosts",
    short_help="Print names that lead to the emulator, for /etc/hosts.",
    params=[
        click.Option(["--compose"], is_flag=True, help="Print the aliases of a Compose service instead."),
        *target_options(),
    ],
)
def hosts(url: str | None, accounts: tuple[Credentials, ...], *, compose: bool) -> None:
    """Print lines for /etc/hosts: redistogo.com, www.redistogo.com and SERVER.redistogo.com lead to the emulator.

    SERVER is each server's name. Clients as pkgcloud and jitsu make such a host of an instance's label.

    Example: rtgmock hosts | sudo tee -a /etc/hosts
    """
    emulator = find_emulator(url, accounts)
    names = [*SERVICE, *(f"{server['name']}.{SERVICE[0]}" for server in emulator.get("state")["servers"])]
    if compose:
        print_line(f"networks:\n  default:\n    aliases: [{', '.join(names)}]")
        return
    address = emulator.address()
    for name in names:
        print_line(f"{address} {name}")
