"""The ``rtgmock`` command: parse, build, call, print."""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import signal
import ssl
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from rtgmock.child_environment import TRUST
from rtgmock.errors import StartupError
from rtgmock.model.plans import PLANS
from rtgmock.network import local_url
from rtgmock.paths import HEALTH_PATH
from rtgmock.settings.click_options import build_config, ephemeral_options, options
from rtgmock.settings.parsers import parse_flag
from rtgmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtgmock.emulator import Emulator
    from rtgmock.settings.config import Config
    from rtgmock.web.access_log import Log


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rtgmock", message="%(prog)s %(version)s")
def cli() -> None:
    """A local emulator of the Redis To Go provisioning API."""


@cli.command(params=options())
def serve(**given: Any) -> None:
    """Serve the API until SIGTERM or Ctrl-C."""
    from rtgmock.emulator import Emulator  # noqa: PLC0415 - Flask and the server, which no other command needs

    config = build_config(given)
    stop = _stop_on_signals()
    with _ready_file(config.ready_file) as announce:
        report = partial(_say, err=True)
        emulator = Emulator(config, log=_log(config), report=report)
        with emulator:
            _say(_banner(emulator))
            announce(emulator.url)
            while not stop.wait(1):  # a signal that comes just before a wait begins is handled after it
                pass
            if config.log_format == "text":
                report("rtgmock stops: finishing the requests in flight")


def _log(config: Config) -> Log:
    """What writes the access log to the standard error."""
    from rtgmock.web.access_log import as_json, as_text  # noqa: PLC0415 - Flask

    form = as_json if config.log_format == "json" else as_text
    return lambda entry: _say(form(entry), err=True)


def _say(text: str, *, err: bool = False) -> None:
    """Print a line. When nobody reads any more, that is no reason to stop serving."""
    try:
        click.echo(text, err=err)
    except OSError:
        setattr(sys, "stderr" if err else "stdout", Path(os.devnull).open("w"))  # noqa: SIM115 - for the rest of our life


def _stop_on_signals() -> threading.Event:
    """An event that the first signal to stop sets; the second one ends the process at once."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # Whoever started us may have seen to it that a signal is ignored, as nohup does.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)
    return stop


@contextlib.contextmanager
def _ready_file(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Gives what writes the URL where it can be waited for, whole or not at all; there is none before and after."""
    if path is None:
        yield lambda _: None
        return
    part = path.with_name(f".{path.name}.{os.getpid()}")

    def announce(url: str) -> None:
        with _blaming(path):
            part.write_text(f"{url}\n", encoding="utf-8")
            part.replace(path)

    try:
        with _blaming(path):
            path.unlink(missing_ok=True)
            part.touch()  # so that a place that cannot be written is found out before anything is served
        yield announce
    finally:
        for left in (path, part):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)


@contextlib.contextmanager
def _blaming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartupError(f"the ready file {path} cannot be written: {error.strerror}; name another one") from error


def _banner(emulator: Emulator) -> str:
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


@cli.command(
    "exec",
    context_settings={"allow_interspersed_args": False},  # what follows COMMAND is COMMAND's
    params=[
        click.Option(["--plan"], type=click.Choice(list(PLANS)), help="Make an instance of this plan first."),
        click.Option(["--verbose"], is_flag=True, help="Write the access log to the standard error."),
        *ephemeral_options(),
        click.Argument(["command"], nargs=-1, required=True, type=click.UNPROCESSED),
    ],
)
def execute(command: tuple[str, ...], plan: str | None, *, verbose: bool, **given: Any) -> None:
    """Run COMMAND with an emulator of its own, and exit as it does.

    COMMAND finds the emulator in RTGMOCK_URL, REDISTOGO_API_URL (with the account in it), REDISTOGO_USERNAME and
    REDISTOGO_PASSWORD, and with --plan an instance in REDISTOGO_URL and REDIS_URL. All of it is gone when COMMAND ends.
    """
    config = build_config(given)
    from rtgmock.cli.exec import run  # noqa: PLC0415 - Flask and the server, which no other command needs

    sys.exit(run(config, command, plan, _log(config) if verbose else None, report=partial(_say, err=True)))


@cli.command()
@click.option(
    "--wait", "seconds", metavar="SECONDS", type=click.FloatRange(min=0), default=0.0, help="How long to try."
)
@click.argument("url", required=False, envvar="RTGMOCK_URL")
def ready(seconds: float, url: str | None) -> None:
    """Exit with 0 when the emulator at URL answers, else with 1.

    URL is that of the API; by default RTGMOCK_URL, or what the file RTGMOCK_READY_FILE says, or the address that
    RTGMOCK_HOST, RTGMOCK_PORT and RTGMOCK_TLS give. A certificate is not looked at: nothing is told to whoever
    answers, and nothing believed but that it does.
    """
    deadline = time.monotonic() + seconds
    while (problem := _problem(target := url or _announced() or _local_target())) and time.monotonic() < deadline:
        time.sleep(0.05)
    if problem:
        raise StartupError(f"no emulator answers at {target}: {problem}; start one with: rtgmock serve")


def _announced() -> str:
    """The URL that ``serve`` has written into the ready file of the environment; empty while there is none."""
    with contextlib.suppress(OSError, UnicodeError):
        return Path(os.environ.get("RTGMOCK_READY_FILE", "")).read_text(encoding="utf-8").strip()
    return ""


def _local_target() -> str:
    """Where ``serve`` serves with the host, the port and the TLS that the environment gives."""
    try:
        tls = parse_flag(os.environ.get("RTGMOCK_TLS") or "no")
    except ValueError as error:
        raise click.UsageError(f"RTGMOCK_TLS: {error}.") from error
    return local_url(os.environ.get("RTGMOCK_HOST", "127.0.0.1"), os.environ.get("RTGMOCK_PORT", "8080"), tls=tls)


def _connection(url: str) -> http.client.HTTPConnection:
    """A connection that is not open yet. A proxy that the environment names is not asked."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or {"https": 443}.get(parts.scheme, 80)
    except ValueError:
        host = None
    if host is None or parts.scheme not in {"http", "https"}:
        raise click.UsageError(f"{url!r} is not an HTTP URL with a host; write it as http://127.0.0.1:8080.")
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=2, context=context)


def _problem(url: str) -> str:
    """Why the emulator isn't ready; empty when it is."""
    connection = _connection(url)
    try:
        connection.request("GET", HEALTH_PATH)
        status = connection.getresponse().status
    except ssl.SSLError:
        return "what listens there does not speak HTTPS"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    except http.client.HTTPException as error:
        return f"what listens there does not speak HTTP ({type(error).__name__})"
    finally:
        connection.close()
    return "" if status == http.client.OK else f"it answers {status}"


@cli.command(params=options("api"))
def openapi(api: int) -> None:
    """Print the OpenAPI 3.1 document of the API.

    Its server is the address that RTGMOCK_HOST and RTGMOCK_PORT give.
    """
    import orjson  # noqa: PLC0415 - which no other command needs, as the tables

    from rtgmock.openapi.document import document  # noqa: PLC0415

    _say(orjson.dumps(document(api, _local_target()), option=orjson.OPT_INDENT_2).decode())


@cli.command(params=options("state"))
def ca(state: Path | None) -> None:
    """Print the path of the certificate that clients must trust for --tls.

    The authority that it is of is made if there is none yet. How to have clients trust it is printed on the
    standard error.
    """
    from rtgmock.server.certificates import trusted_certificate  # noqa: PLC0415 - trustme, which no other command needs

    if state is None:
        raise click.UsageError("With --state :memory: each emulator has an authority of its own; its banner names it.")
    path = trusted_certificate(state, datetime.now(UTC))
    click.echo(path)
    for name in TRUST:
        click.echo(f"export {name}={shlex.quote(str(path))}", err=True)


@cli.command()
@click.option("--yes", is_flag=True, help="Remove without asking.")
def prune(*, yes: bool) -> None:
    """Remove what emulators that died have left behind.

    That is containers, volumes and networks, processes and temporary folders whose emulator is gone, or whose
    state file is. What belongs to a state file that is still there is kept.
    """
    from rtgmock.engines import prune  # noqa: PLC0415 - psutil and the Docker SDK, which no other command needs

    found = list(prune.find_orphans())
    for leftover in found:
        click.echo(leftover.description)
    if not found:
        click.echo("nothing is left behind")
    elif yes or click.confirm(f"Remove {'it' if len(found) == 1 else f'all {len(found)}'}?"):
        for leftover in found:
            leftover.remove()
        click.echo("removed")


def main() -> None:
    """The console script: an error that stops it is one line on stderr, and exit code 1."""
    try:
        cli(prog_name="rtgmock")
    except StartupError as error:
        click.echo(f"rtgmock: {error}", err=True)
        sys.exit(1)
