"""``rtgmock serve``: serves the API until a signal stops it."""

from __future__ import annotations

import gc
import sys
from typing import Any

import click

from rtgmock.cli.output import banner, log_output, print_line
from rtgmock.cli.ready_file import ready_file
from rtgmock.cli.signals import stop_on_signals
from rtgmock.settings.click_options import build_config, options

SWITCH_SECONDS = 0.0005


@click.command(params=options())
def serve(**parameters: Any) -> None:
    """Serve the API until SIGTERM, SIGHUP or Ctrl-C."""
    from rtgmock.emulator import Emulator  # noqa: PLC0415 - Flask and the server, which few commands need

    config = build_config(parameters)
    # The server's loop needs the interpreter's lock again after each call of the system. A thread that renders a long
    # list gives it away only after this time, which is 5 ms by default.
    sys.setswitchinterval(SWITCH_SECONDS)
    stop = stop_on_signals()
    with (
        log_output(config) as log,
        ready_file(config.ready_file) as announce,
        Emulator(config, log=log.add, report=log.report) as emulator,
    ):
        # Nothing that is loaded now is garbage. A search for garbage would read it all, and every request would wait.
        gc.freeze()
        print_line(banner(emulator))
        announce(emulator.url)
        # With a timeout, since a signal that arrives just before a wait begins is handled only after the wait.
        while not stop.wait(1):
            pass
        if config.log_format == "text":
            log.report("rtgmock stops: finishing the requests in flight")
