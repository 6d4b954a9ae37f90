"""What the commands print: lines, the banner of ``serve``, and the log on the standard error."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rtgmock.child_environment import of_instance
from rtgmock.cli.log_writer import LogWriter
from rtgmock.errors import cut
from rtgmock.paths import HEALTH_PATH
from rtgmock.settings.config import SETTINGS
from rtgmock.text import counted
from rtgmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtgmock.emulator import Emulator
    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import Log


_INDENT = "\n" + " " * 11
"""What begins a further line of a row of the banner."""


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line to the standard output or the standard error; ignore that it is closed."""
    try:
        click.echo(text, err=err)
    except OSError:
        # The reader, as in `rtgmock serve | head`, is gone. Serving goes on, so the stream is replaced for good.
        setattr(sys, "stderr" if err else "stdout", Path(os.devnull).open("w"))  # noqa: SIM115 - never closed


@dataclass(frozen=True)
class LogOutput:
    """Writes the log to the standard error: entries of the access log, and the progress of long steps."""

    add: Log
    report: Callable[[str], None]


@contextlib.contextmanager
def log_output(config: Config) -> Iterator[LogOutput]:
    """Give what writes the log in ``--log-format``, also what Python logs in this process. Nothing waits for it."""
    import logging  # noqa: PLC0415 - only for commands that serve

    from rtgmock.cli.log_records import dropped_lines, write_records  # noqa: PLC0415
    from rtgmock.web.access_log import as_json, as_text  # noqa: PLC0415 - Flask

    is_json = config.log_format == "json"
    writer = LogWriter(*_standard_error(), notice=partial(dropped_lines, as_json=is_json))
    write_records(writer.write, as_json=is_json)
    form = as_json if is_json else as_text
    report = logging.getLogger("rtgmock").info if is_json else lambda text: writer.write(cut(text))
    try:
        yield LogOutput(lambda entry: writer.write(form(entry)), report)
    finally:
        writer.close()


def _standard_error() -> tuple[int, str]:
    """Return the standard error's file descriptor and encoding; those of nothing if it is closed."""
    try:
        return sys.stderr.fileno(), sys.stderr.encoding
    except (AttributeError, OSError, ValueError):
        return os.open(os.devnull, os.O_WRONLY), "utf-8"


def _accounts(config: Config) -> str:
    names = [account.name for account in config.named_accounts]
    return ", ".join(
        [*names, "any other name" if names else "any name, with any password"] if config.admits_any else names
    )


def banner(emulator: Emulator) -> str:
    """Return what ``serve`` prints at its start: the addresses, the accounts, and a curl line to try."""
    config, url = emulator.config, emulator.url
    state = config.state.resolve() if config.state else "in memory only"
    first, count = config.first_account, len(emulator.store.instances())
    trust = f"--cacert {shlex.quote(str(emulator.certificate))} " if emulator.certificate else ""
    login, target = f"{first.name}:{first.password}", shlex.quote(f"{url}/instances.json")
    if login != SETTINGS["accounts"].shown_default:  # a password that somebody chose must not get into a log
        login = first.name  # curl asks for the password
    rows = [
        ("API", f"{url}/instances"),
        ("account", _accounts(config)),
        ("state", f"{state} ({counted(count, 'instance')})"),
        ("Redis", emulator.engine.description.replace("\n", _INDENT)),
        *(("instance", of_instance(instance["url"])["REDISTOGO_URL"]) for instance in emulator.instances),
        ("health", f"{url}{HEALTH_PATH}"),
        *([("CA", str(emulator.certificate))] if emulator.certificate else []),
        ("try it", f"curl {trust}-u {shlex.quote(login)} -d plan=nano {target}"),
    ]
    return "\n".join([f"rtgmock {__version__}", *(f"  {name:<8} {text}" for name, text in rows)])
