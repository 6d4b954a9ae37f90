"""The ``rtgmock`` command: the group of its commands, and the console script."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from rtgmock.cli.ca import ca
from rtgmock.cli.clock import clock
from rtgmock.cli.env import env
from rtgmock.cli.exec import execute
from rtgmock.cli.groups import SectionedGroup
from rtgmock.cli.hosts import hosts
from rtgmock.cli.openapi import openapi
from rtgmock.cli.output import print_line
from rtgmock.cli.prune import prune
from rtgmock.cli.ready import ready
from rtgmock.cli.redis import redis
from rtgmock.cli.requests import requests
from rtgmock.cli.reset import reset
from rtgmock.cli.serve import serve
from rtgmock.cli.state import state
from rtgmock.cli.variables import unknown_variables
from rtgmock.errors import StartupError
from rtgmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


_SECTIONS = {
    "Run an emulator": (serve, execute, ready),
    "Use the one that runs": (requests, state, reset, clock, redis, env, hosts),
    "More": (openapi, ca, prune),
}
"""The commands, as the help lists them."""


@click.group(
    cls=SectionedGroup,
    sections=_SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="rtgmock", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """A local emulator of the Redis To Go API. COMMAND --help has an example of each."""
    # Click knows when a stream is no terminal, but not this convention (no-color.org).
    if os.environ.get("NO_COLOR"):
        context.color = False
    if context.invoked_subcommand not in _WITH_A_LOG:
        for warning in unknown_variables(os.environ):
            print_line(warning, err=True)


_WITH_A_LOG = {serve.name, execute.name}
"""The commands that write the same warnings to their log, in its format."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, by default this process's; exit with the code of the command.

    An error at the start is one line on the standard error, and exit code 1.
    """
    try:
        cli(arguments, prog_name="rtgmock")
    except StartupError as error:
        click.echo(f"rtgmock: {error}", err=True)
        sys.exit(1)
