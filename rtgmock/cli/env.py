"""``rtgmock env``: prints the variables by which a program finds a running emulator and one of its instances."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import click

from rtgmock import child_environment
from rtgmock.cli.instances import choose_instance, only_instance
from rtgmock.cli.output import print_line
from rtgmock.cli.running import find_emulator, target_options

if TYPE_CHECKING:
    from rtgmock.cli.running import RunningEmulator
    from rtgmock.settings.parsers import Credentials

_PLAIN = re.compile(r"[\w@%+=:,./\[\]~-]*", re.ASCII)
"""What the readers of such files take as it stands; ``docker run --env-file`` knows no quotes."""


@click.command(
    "env",
    params=[
        click.Option(["--dotenv"], is_flag=True, help="Print lines for a .env file instead."),
        *target_options(),
        click.Argument(["instance"], required=False),
    ],
)
def env(instance: str | None, url: str | None, accounts: tuple[Credentials, ...], *, dotenv: bool) -> None:
    """Print exports for the shell, as in: eval "$(rtgmock env)".

    They are the variables that exec sets: RTGMOCK_URL, REDISTOGO_API_URL, REDISTOGO_USERNAME and REDISTOGO_PASSWORD of
    an emulator that runs, and REDISTOGO_URL and REDIS_URL of INSTANCE, an id or a label. INSTANCE may be left out
    unless the account has several.

    Example: eval "$(rtgmock env mongrel)"
    """
    emulator = find_emulator(url, accounts)
    instances = _instances(emulator)
    found = only_instance(instances) if instance is None else choose_instance(instances, instance)
    variables = child_environment.of_api(emulator.url, emulator.username, emulator.password)
    if found:
        variables |= child_environment.of_instance(found["url"])
    for name, value in variables.items():
        print_line(f"{name}={_in_file(value)}" if dotenv else f"export {name}={shlex.quote(value)}")
    if not found:
        print_line("rtgmock: there is no instance yet, so REDISTOGO_URL is not among these", err=True)


def _instances(emulator: RunningEmulator) -> list[dict[str, Any]]:
    """Return the instances of the account. Raises StartupError."""
    return [one for one in emulator.get("instances")["instances"] if one["account"] == emulator.username]


def _in_file(value: str) -> str:
    """Return a value as a .env file has it: quoted only if it must be."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value:
        return f"'{value}'"
    return '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'
