"""``rtgmock redis``: disturbs the Redis of an instance of a running emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rtgmock.cli.instances import choose_instance
from rtgmock.cli.running import control_options, with_emulator
from rtgmock.engines.base import RedisAction
from rtgmock.text import parse_duration, printable

if TYPE_CHECKING:
    from rtgmock.cli.running import RunningEmulator


@click.command(
    "redis",
    short_help="Stop, start or disturb the Redis of an instance.",
    params=[
        click.Argument(["instance"]),
        click.Argument(["action"], type=click.Choice([str(action) for action in RedisAction]), metavar="ACTION"),
        click.Argument(["duration"], required=False),
        *control_options(),
    ],
)
@with_emulator
def redis(emulator: RunningEmulator, instance: str, action: str, duration: str | None, *, as_json: bool) -> None:
    """Do something to the Redis of INSTANCE, an id or a label.

    \b
    stop, start, restart   end the server, and start it again
    freeze, thaw           connections stay open, and nothing is answered
    drop                   close all connections of clients
    pause DURATION         answer no client for so long, as 500ms or 2s

    Example: rtgmock redis mongrel pause 500ms
    """  # noqa: D301 - \\b is Click's mark for lines that stay as they are
    document = {"action": action, **_length(action, duration)}
    found = choose_instance(emulator.get("instances")["instances"], instance)
    answer = emulator.send("POST", f"instances/{found['id']}/redis", document)
    if as_json:
        click.echo(json.dumps(answer))
    else:
        click.echo(f"{action} {answer['id']} ({printable(found['label'])}): its status is {answer['status']}")


def _length(action: str, duration: str | None) -> dict[str, int]:
    """Return the length of a pause. Raises UsageError."""
    if (action == RedisAction.PAUSE) != (duration is not None):
        raise click.UsageError("a pause, and nothing else, has a length: rtgmock redis ID pause 500ms.")
    try:
        return {} if duration is None else {"ms": round(parse_duration(duration) * 1000)}
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
