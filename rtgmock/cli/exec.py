"""``rtgmock exec``: runs a command with an emulator, and ends as the command does."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click

from rtgmock.cli.output import log_output, print_line
from rtgmock.cli.signals import SignalRelay
from rtgmock.cli.variables import unknown_variables
from rtgmock.errors import RequestError, StartupError
from rtgmock.model.plans import PLANS
from rtgmock.settings.click_options import build_config, ephemeral_options
from rtgmock.settings.engine_names import EngineName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtgmock.emulator import Emulator
    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import Log

# The exit codes of a shell.
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
_SIGNALLED = 128


@click.command(
    "exec",
    context_settings={"allow_interspersed_args": False},  # the options after COMMAND belong to it
    params=[
        click.Option(
            ["--plan"],
            type=click.Choice(list(PLANS)),
            help="Create an instance of this plan first; --redis is auto by default then.",
        ),
        click.Option(
            ["--proxy"],
            is_flag=True,
            help="Lead https://redistogo.com to the emulator, by HTTPS_PROXY; implies --tls. Other hosts are refused.",
        ),
        click.Option(["--verbose"], is_flag=True, help="Write the access log to the standard error."),
        *ephemeral_options(),
        click.Argument(["command"], nargs=-1, required=True, type=click.UNPROCESSED),
    ],
)
def execute(command: tuple[str, ...], plan: str | None, *, proxy: bool, verbose: bool, **parameters: Any) -> None:
    """Run COMMAND with an emulator, and exit with its exit code.

    COMMAND finds the emulator in RTGMOCK_URL, REDISTOGO_API_URL (which includes the account), REDISTOGO_USERNAME and
    REDISTOGO_PASSWORD, and with --plan or --instance an instance in REDISTOGO_URL and REDIS_URL. The emulator and its
    instances are removed when COMMAND ends.

    Example: rtgmock exec --plan nano -- npm test
    """
    if (plan or parameters["instances"] or parameters["redis_server"]) and _is_default("redis"):
        parameters["redis"] = EngineName.AUTO.value
    config = build_config(parameters | {"tls": proxy or parameters["tls"]})
    with log_output(config) as log:
        for warning in unknown_variables(os.environ):
            log.report(warning)
        code = run(config, command, plan, log.add if verbose else None, log.report, proxy=proxy)
    sys.exit(code)


def _is_default(name: str) -> bool:
    """Return whether neither an option nor a variable sets a setting."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.DEFAULT


def run(
    config: Config,
    command: Sequence[str],
    plan: str | None,
    log: Log | None,
    report: Callable[[str], None],
    *,
    proxy: bool = False,
) -> int:
    """Run a command with an emulator and, for a plan, an instance; return the exit code as a shell would.

    ``report`` is called with the progress of long steps. With ``proxy``, the emulator is the command's proxy. Raises
    StartupError.
    """
    from rtgmock import child_environment  # noqa: PLC0415
    from rtgmock.emulator import Emulator  # noqa: PLC0415 - Flask and the server, which few commands need
    from rtgmock.processes import die_with_parent  # noqa: PLC0415 - ctypes

    with SignalRelay() as relay, Emulator(config, log=log, report=report) as emulator:
        gc.freeze()  # as in serve
        variables = child_environment.without_settings(os.environ) | child_environment.of_emulator(emulator)
        if proxy:
            variables |= child_environment.of_proxy(emulator, os.environ)
        if url := _instance_url(emulator, plan):
            variables |= child_environment.of_instance(url)
        if relay.early:
            return _SIGNALLED + relay.early[0]
        try:
            # Without die_with_parent the command would go on without an emulator after a kill -9 of this process.
            process = subprocess.Popen(command, env=variables, preexec_fn=die_with_parent())  # noqa: S603, PLW1509
        except OSError as error:
            return _print_failure(command[0], error)
        code = relay.wait(process)
    return code if code >= 0 else _SIGNALLED - code


def _instance_url(emulator: Emulator, plan: str | None) -> str:
    """Return the URL of a new instance of a plan; without one, of the first that --instance names, or an empty string.

    Raises StartupError, also when auto was to find a Redis for it and has found none.
    """
    if emulator.engine.problem and (plan or emulator.instances):
        raise StartupError(f"{emulator.engine.problem}, or --redis off for a URL at which nothing listens")
    if plan is None:
        return next((str(instance["url"]) for instance in emulator.instances), "")
    try:
        return str(emulator.create(plan=plan)["url"])
    except RequestError as error:
        raise StartupError(f"no instance can be made: {error}") from error


def _print_failure(name: str, error: OSError) -> int:
    """Print why a program cannot be run, and return the exit code for it."""
    if isinstance(error, FileNotFoundError):
        problem, code = f"there is no command {name}; write it as in a shell", _NOT_FOUND
    else:
        problem, code = f"{name} cannot be run: {error.strerror}; name a program", _NOT_EXECUTABLE
    print_line(f"rtgmock: {problem}: rtgmock exec -- COMMAND...", err=True)
    return code
