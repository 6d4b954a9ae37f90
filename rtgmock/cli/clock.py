"""``rtgmock clock``: shows and changes the time of a running emulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from rtgmock.cli.groups import ShowGroup
from rtgmock.cli.running import control_options, with_emulator
from rtgmock.text import parse_duration

if TYPE_CHECKING:
    from rtgmock.cli.running import RunningEmulator


@click.group("clock", cls=ShowGroup)
def clock() -> None:
    """Show the time of a running emulator, or change it.

    Example: rtgmock clock advance 1h30m
    """


@clock.command("show", params=control_options())
@with_emulator
def show(emulator: RunningEmulator, *, as_json: bool) -> None:
    """Show the time; the default.

    Example: rtgmock clock
    """
    _print(emulator.get("clock"), as_json=as_json)


@clock.command(
    "advance",
    short_help="Move the time forward by 90s, 5m, 1h30m, 2d.",
    context_settings={"ignore_unknown_options": True},  # a duration that begins with a minus is no option
    params=[click.Argument(["duration"]), *control_options()],
)
@with_emulator
def advance(emulator: RunningEmulator, duration: str, *, as_json: bool) -> None:
    """Move the time forward by DURATION: 90s, 5m, 1h30m, 2d; back, if it begins with a minus.

    Example: rtgmock clock advance 1h
    """
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    _change(emulator, {"advance": seconds}, as_json=as_json)


@clock.command("set", short_help="Set the time.", params=[click.Argument(["moment"]), *control_options()])
@with_emulator
def set_(emulator: RunningEmulator, moment: str, *, as_json: bool) -> None:
    """Set the time to MOMENT, in UTC unless it has an offset; it goes on from there.

    Example: rtgmock clock set 2010-12-20T00:35:22Z
    """
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise click.UsageError(
            f"{moment!r} is not a moment; write it as 2010-12-20T00:35:22Z or 2010-12-20."
        ) from error
    in_zone = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    _change(emulator, {"set": in_zone.isoformat()}, as_json=as_json)


@clock.command("freeze", params=control_options())
@with_emulator
def freeze(emulator: RunningEmulator, *, as_json: bool) -> None:
    """Let the time stand still.

    Example: rtgmock clock freeze
    """
    _change(emulator, {"freeze": True}, as_json=as_json)


@clock.command("resume", params=control_options())
@with_emulator
def resume(emulator: RunningEmulator, *, as_json: bool) -> None:
    """Let the time go on after freeze; so does "go on".

    Example: rtgmock clock resume
    """
    _change(emulator, {"freeze": False}, as_json=as_json)


@clock.command("go", hidden=True, params=[click.Argument(["on"], type=click.Choice(["on"])), *control_options()])
@with_emulator
def go_on(emulator: RunningEmulator, on: str, *, as_json: bool) -> None:  # noqa: ARG001 - the word is the argument
    """Let the time go on after freeze, as resume does.

    Example: rtgmock clock go on
    """
    _change(emulator, {"freeze": False}, as_json=as_json)


def _change(emulator: RunningEmulator, document: dict[str, object], *, as_json: bool) -> None:
    _print(emulator.send("POST", "clock", document), as_json=as_json)


def _print(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(document))
    else:
        click.echo(document["now"] + ("  " + click.style("frozen", fg="cyan") if document["frozen"] else ""))
