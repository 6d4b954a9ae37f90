"""``rtgmock prune``: removes what killed emulators have left behind."""

from __future__ import annotations

import click


@click.command()
@click.option("--yes", is_flag=True, help="Remove without asking.")
def prune(*, yes: bool) -> None:
    """Remove what emulators that were killed have left behind.

    That is: containers, volumes, networks, processes and temporary folders of an emulator that is gone, or whose state
    file is gone. What belongs to an existing state file is kept.

    Example: rtgmock prune --yes
    """
    from rtgmock.engines import prune as pruning  # noqa: PLC0415 - psutil and the Docker SDK, only needed here

    leftovers = list(pruning.find_orphans())
    for leftover in leftovers:
        click.echo(leftover.description)
    if not leftovers:
        click.echo("nothing is left behind")
    elif yes or click.confirm(f"Remove {'it' if len(leftovers) == 1 else f'all {len(leftovers)}'}?"):
        for leftover in leftovers:
            leftover.remove()
        click.echo("removed")
