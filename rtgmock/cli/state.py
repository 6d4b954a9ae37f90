"""``rtgmock state``: shows, writes and replaces the state of a running emulator."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import click

from rtgmock.cli.groups import ShowGroup
from rtgmock.cli.running import control_options, with_emulator
from rtgmock.cli.table import print_table
from rtgmock.errors import StartupError
from rtgmock.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.cli.running import RunningEmulator

_HEAD = ("id", "label", "plan", "status", "account", "server", "port")


@click.group("state", cls=ShowGroup, short_help="Show, write or replace the state of a running emulator.")
def state() -> None:
    """Show the instances of a running emulator; write or replace its whole state.

    Example: rtgmock state get before.json
    """


@state.command("show", params=control_options())
@with_emulator
def show(emulator: RunningEmulator, *, as_json: bool) -> None:
    """Show the instances; the default.

    Example: rtgmock state
    """
    _print_state(emulator, emulator.get("state"), as_json=as_json)


@state.command("get", params=[click.Argument(["file"], default="-"), *control_options()])
@with_emulator
def get(emulator: RunningEmulator, file: str, *, as_json: bool) -> None:  # noqa: ARG001 - it is JSON anyway
    """Write the whole state as JSON to FILE, by default to the standard output.

    "rtgmock state put" and --fixture read it. Since it contains passwords, a new file is for its owner alone.

    Example: rtgmock state get before.json
    """
    text = json.dumps(emulator.get("state"), indent=2)
    if file == "-":
        click.echo(text)
        return
    try:
        with open(file, "w", encoding="utf-8", opener=partial(os.open, mode=0o600)) as written:
            written.write(f"{text}\n")
    except OSError as error:
        raise StartupError(f"{file} cannot be written: {error.strerror}; name another file") from error


@state.command("put", params=[click.Argument(["file"], type=click.File("rb")), *control_options()])
@with_emulator
def put(emulator: RunningEmulator, file: IO[bytes], *, as_json: bool) -> None:
    """Replace the whole state by that in FILE; - is the standard input.

    Example: rtgmock state put before.json
    """
    try:
        document = json.load(file)
    except ValueError as error:
        raise StartupError(f"{file.name} is no JSON document: {error}; rtgmock state get writes one") from error
    _print_state(emulator, emulator.send("PUT", "state", document), as_json=as_json)


def _print_state(emulator: RunningEmulator, document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(document))
        return
    # The document has the stored status, which a Redis that was stopped does not change.
    statuses = {one["id"]: one["status"] for one in emulator.get("instances")["instances"]}
    accounts, servers = _names(document["accounts"]), _names(document["servers"])
    rows = [
        [
            *(one[name] for name in ("id", "label", "plan")),
            statuses.get(one["id"], one["status"]),
            accounts.get(one["user_id"], ""),
            servers.get(one["server_id"], ""),
            one["port"],
        ]
        for one in document["instances"]
    ]
    if rows:
        print_table(_HEAD, rows)
    click.echo(f"{counted(len(rows), 'instance')} on {counted(len(servers), 'server')}")


def _names(rows: Iterable[dict[str, Any]]) -> dict[int, str]:
    return {row["id"]: row["name"] for row in rows}
