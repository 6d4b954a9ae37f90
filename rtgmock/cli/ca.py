"""``rtgmock ca``: prints the certificate that clients must trust."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rtgmock.child_environment import TRUST
from rtgmock.cli.output import print_line
from rtgmock.settings.click_options import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Print the path of the CA certificate for --tls.",
    params=[
        click.Option(["--env", "exports"], is_flag=True, help="Print exports for the shell instead of the path."),
        *options("state"),
    ],
)
def ca(state: Path | None, *, exports: bool) -> None:
    """Print the path of the CA certificate that clients must trust for --tls.

    The CA is created on first use. With --env, print the variables by which common clients trust it, as in:
    eval "$(rtgmock ca --env)".

    Example: curl --cacert "$(rtgmock ca)" https://127.0.0.1:8080/
    """
    from rtgmock.server.certificates import trusted_certificate  # noqa: PLC0415 - trustme, which few commands need

    if state is None:
        raise click.UsageError(
            "With --state :memory: each emulator creates another CA; its banner names the certificate."
        )
    path = trusted_certificate(state, datetime.now(UTC))
    if not exports:
        print_line(str(path))
        return
    for name in TRUST:
        print_line(f"export {name}={shlex.quote(str(path))}")
