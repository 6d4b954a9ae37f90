"""The ``rtgmock`` command: the group of its commands, and the console script."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rtgmock.cli.ca import ca
from rtgmock.cli.env import env
from rtgmock.cli.exec import execute
from rtgmock.cli.hosts import hosts
from rtgmock.cli.openapi import openapi
from rtgmock.cli.prune import prune
from rtgmock.cli.ready import ready
from rtgmock.cli.serve import serve
from rtgmock.errors import StartupError
from rtgmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rtgmock", message="%(prog)s %(version)s")
def cli() -> None:
    """A local emulator of the Redis To Go provisioning API."""


for command in (serve, execute, ready, env, hosts, openapi, ca, prune):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, by default this process's; exit with the code of the command.

    An error at the start is one line on the standard error, and exit code 1.
    """
    try:
        cli(arguments, prog_name="rtgmock")
    except StartupError as error:
        click.echo(f"rtgmock: {error}", err=True)
        sys.exit(1)
