"""What the commands print: lines, the banner of ``serve``, and the log on the standard error."""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rtgmock.paths import HEALTH_PATH
from rtgmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.emulator import Emulator
    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import Log


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line to the standard output or the standard error; ignore that it is closed."""
    try:
        click.echo(text, err=err)
    except OSError:
        # The reader, as in `rtgmock serve | head`, is gone. Serving goes on, so the stream is replaced for good.
        setattr(sys, "stderr" if err else "stdout", Path(os.devnull).open("w"))  # noqa: SIM115 - never closed


def access_log_printer(config: Config) -> Log:
    """Return a function that prints an entry of the access log to the standard error."""
    from rtgmock.web.access_log import as_json, as_text  # noqa: PLC0415 - Flask

    form = as_json if config.log_format == "json" else as_text
    return lambda entry: print_line(form(entry), err=True)


def configure_log(config: Config) -> Callable[[str], None]:
    """Make the log of this process follow ``--log-format``; return a function that reports the progress of long steps.

    In the format text, Python's own handlers print to the standard error; there is nothing to configure.
    """
    if config.log_format == "text":
        return partial(print_line, err=True)
    import logging  # noqa: PLC0415 - only a log in JSON needs it here

    from rtgmock.cli.json_log import log_as_json  # noqa: PLC0415

    log_as_json()
    return logging.getLogger("rtgmock").info


def banner(emulator: Emulator) -> str:
    """Return what ``serve`` prints at its start: the addresses, the accounts, and a curl line to try."""
    config, url = emulator.config, emulator.url
    state = config.state.resolve() if config.state else "in memory only"
    first, count = config.accounts[0], len(emulator.store.instances())
    trust = f"--cacert {shlex.quote(str(emulator.certificate))} " if emulator.certificate else ""
    login, target = shlex.quote(f"{first.name}:{first.password}"), shlex.quote(f"{url}/instances.json")
    rows = {
        "API": f"{url}/instances",
        "account": ", ".join(account.name for account in config.accounts),
        "state": f"{state} ({count} instance{'' if count == 1 else 's'})",
        "Redis": emulator.engine.description,
        "health": f"{url}{HEALTH_PATH}",
        **({"CA": str(emulator.certificate)} if emulator.certificate else {}),
        "try it": f"curl {trust}-u {login} -d plan=nano {target}",
    }
    return "\n".join([f"rtgmock {__version__}", *(f"  {name:<8} {text}" for name, text in rows.items())])
