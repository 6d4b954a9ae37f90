"""``rtgmock serve``: serves the API until a signal stops it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from rtgmock.cli.output import banner, log_output, print_line
from rtgmock.cli.ready_file import ready_file
from rtgmock.cli.signals import stop_on_signals
from rtgmock.cli.variables import unknown_variables
from rtgmock.folders import DEFAULT_STATE, FORMER_DEFAULT
from rtgmock.settings.click_options import build_config, options
from rtgmock.text import encoding_note, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtgmock.settings.config import Config

SWITCH_SECONDS = 0.0005


@click.command(params=options())
def serve(**parameters: Any) -> None:
    """Serve the API until SIGTERM, SIGHUP or Ctrl-C.

    Example: rtgmock serve --port 8080 --instance nano:secret@9001
    """
    with contextlib.ExitStack() as resources:
        with _kept():
            from rtgmock.emulator import Emulator  # noqa: PLC0415 - Flask and the server, which few commands need

            config = build_config(parameters)
            # The server's loop needs the interpreter's lock again after each call of the system. A thread that renders
            # a long list gives it away only after this time, which is 5 ms by default.
            sys.setswitchinterval(SWITCH_SECONDS)
            stop = stop_on_signals()
            log = resources.enter_context(log_output(config))
            for warning in unknown_variables(os.environ):  # before anything that one of them may be the reason of
                log.report(warning)
            announce = resources.enter_context(ready_file(config.ready_file))
            emulator = resources.enter_context(Emulator(config, log=log.add, report=log.report))
        print_line(banner(emulator))
        for note in filter(None, _notes(config)):
            log.report(note)
        announce(emulator.url)
        # With a timeout, since a signal that arrives just before a wait begins is handled only after the wait.
        while not stop.wait(1):
            pass
        if config.log_format == "text":
            log.report("rtgmock stops: finishing the requests in flight")


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    """Search for no garbage in the block, and later on not among what it has imported and loaded: that is kept.

    Each search would read all of it, and every request would wait for that.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _notes(config: Config) -> Iterator[str]:
    """Give what is to be known of settings that work, but not for all clients or not as before."""
    for name, _ in config.named_accounts:
        yield encoding_note(f"the account {printable(name, 40)}", name)
    for instance in config.instances:
        yield encoding_note(f"the password of the instance {instance}", instance.password or "")
    if config.state == DEFAULT_STATE and FORMER_DEFAULT.is_file():
        yield f"{FORMER_DEFAULT} is not used, as the state is in {DEFAULT_STATE}; to use it: --state {FORMER_DEFAULT}"
