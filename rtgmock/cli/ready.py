"""``rtgmock ready``: whether an emulator answers."""

from __future__ import annotations

import time
from http import HTTPStatus

import click

from rtgmock.cli.running import UnreachableError, ask, find_url, no_emulator
from rtgmock.paths import HEALTH_PATH

_RETRY_INTERVAL = 0.05


@click.command()
@click.option(
    "--wait", "seconds", metavar="SECONDS", type=click.FloatRange(min=0), default=0.0, help="How long to retry."
)
@click.argument("url", required=False, envvar="RTGMOCK_URL")
def ready(seconds: float, url: str | None) -> None:
    """Exit with 0 if the emulator at URL answers, else with 1.

    URL is that of the API. The default is RTGMOCK_URL, then the content of the file that RTGMOCK_READY_FILE names,
    then the address from RTGMOCK_HOST, RTGMOCK_PORT and RTGMOCK_TLS. The certificate is not verified, since nothing
    secret is sent.

    Example: rtgmock ready --wait 10
    """
    deadline = time.monotonic() + seconds
    # The target is looked up each time: a ready file may appear while we wait.
    while (problem := _find_problem(target := url or find_url())) and (time.monotonic() < deadline):
        time.sleep(_RETRY_INTERVAL)
    if problem:
        raise no_emulator(target, problem)


def _find_problem(url: str) -> str:
    """Return why the emulator isn't ready; an empty string when it is."""
    try:
        status, _ = ask(url, HEALTH_PATH)
    except UnreachableError as error:
        return str(error)
    return "" if status == HTTPStatus.OK else f"it answers {status}"
