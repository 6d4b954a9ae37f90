"""``rtgmock ca``: prints the certificate that clients must trust."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rtgmock.child_environment import TRUST
from rtgmock.settings.click_options import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Print the path of the CA certificate for --tls.", params=options("state"))
def ca(state: Path | None) -> None:
    """Print the path of the CA certificate that clients must trust for --tls.

    The CA is created on first use. The variables that make common clients trust it are printed on the standard error.

    Example: curl --cacert "$(rtgmock ca)" https://127.0.0.1:8080/
    """
    from rtgmock.server.certificates import trusted_certificate  # noqa: PLC0415 - trustme, which few commands need

    if state is None:
        raise click.UsageError(
            "With --state :memory: each emulator creates another CA; its banner names the certificate."
        )
    path = trusted_certificate(state, datetime.now(UTC))
    click.echo(path)
    for name in TRUST:
        click.echo(f"export {name}={shlex.quote(str(path))}", err=True)
