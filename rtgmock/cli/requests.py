"""``rtgmock requests``: shows, follows and clears the requests that a running emulator has received."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from rtgmock.cli.follow import INTERVAL, Follower, is_read_after, leave_output, note_line
from rtgmock.cli.request_lines import request_lines
from rtgmock.cli.running import UnreachableError, control_options, no_emulator, with_emulator
from rtgmock.text import counted

if TYPE_CHECKING:
    from rtgmock.cli.running import RunningEmulator

_SHOWN = 20
"""Requests that are shown by default; with --follow half of them."""

FILTERS = [
    click.Option(["--method"], metavar="METHOD", help="With this method."),
    click.Option(["--path"], metavar="PATH", help="To this path; * matches any characters."),
    click.Option(["--status"], metavar="STATUS", help="With this status, as 404 or 4xx."),
    click.Option(["--account"], metavar="NAME", help="With this account's credentials."),
    click.Option(["--unmatched"], is_flag=True, default=None, help="That no endpoint takes."),
    click.Option(["--since"], metavar="NUMBER|TIME", help="After this request's number, or from this time on."),
    click.Option(["--text"], metavar="TEXT", help="With this text anywhere in request or answer."),
    click.Option(["--limit"], metavar="NUMBER", type=click.IntRange(1), help=f"The newest ones; {_SHOWN} by default."),
]
"""The parameters of the control API, in words that go on from "show requests"."""


@click.command(
    "requests",
    short_help="Show the requests that came, or --follow them.",
    params=[
        click.Option(["--follow", "-f"], is_flag=True, help="Show each request as it comes, until Ctrl-C."),
        click.Option(["--clear"], is_flag=True, help="Forget the requests that match, or all."),
        *FILTERS,
        *control_options(),
    ],
)
@with_emulator
def requests(emulator: RunningEmulator, *, follow: bool, clear: bool, as_json: bool, **filters: Any) -> None:
    """Show the requests that the emulator has received, the newest last.

    Below a request stand the reason of a refusal, what was ignored, a hint, the nearest endpoints and the fault.
    With --json, --follow prints a line for each request. It goes on over a reset and a restart of the emulator.

    Example: rtgmock requests --follow --status 4xx
    """
    chosen = {name: _text(value) for name, value in filters.items() if value is not None}
    if clear and (follow or "limit" in chosen):
        raise click.UsageError("--clear forgets all requests that match: leave out --follow and --limit.")
    if clear:
        _clear(emulator, chosen, as_json=as_json)
    elif follow:
        _follow(emulator, chosen, as_json=as_json)
    else:
        _show(emulator, chosen, as_json=as_json)


def _text(value: object) -> str:
    return "true" if value is True else str(value)


def _path(parameters: dict[str, Any]) -> str:
    return f"requests?{urlencode(parameters)}"


def _clear(emulator: RunningEmulator, chosen: dict[str, str], *, as_json: bool) -> None:
    document = emulator.send("DELETE", _path(chosen))
    click.echo(json.dumps(document) if as_json else "cleared")


def _show(emulator: RunningEmulator, chosen: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(emulator.get(_path(chosen))))
        return
    found = emulator.get(_path({"limit": _SHOWN, **chosen}))["requests"]
    for entry in found:
        _print(entry, as_json=False)
    if not found:
        click.echo("no request matches" if chosen else "no request has come yet")
    elif len(found) == _SHOWN and "limit" not in chosen:
        click.echo(f"the newest {counted(_SHOWN, 'request')}; --limit shows more", err=True)


def _follow(emulator: RunningEmulator, chosen: dict[str, str], *, as_json: bool) -> None:
    """Print requests as they come, until Ctrl-C or until the reader of the output is gone."""
    limit = int(chosen.pop("limit", _SHOWN // 2))
    follower = Follower(lambda parameters: emulator.try_send("GET", _path({**chosen, **parameters})), note_line)
    try:
        entries = follower.entries(limit)
        while True:
            for entry in entries:
                _print(entry, as_json=as_json)
            if not is_read_after(INTERVAL):
                break
            entries = follower.entries(limit)
        leave_output()
    except UnreachableError as error:
        raise no_emulator(emulator.url, str(error)) from error
    except KeyboardInterrupt:
        click.echo(err=True)  # the terminal has shown ^C
    except BrokenPipeError:
        leave_output()


def _print(entry: dict[str, Any], *, as_json: bool) -> None:
    for line in [json.dumps(entry)] if as_json else request_lines(entry):
        click.echo(line)
