"""``rtgmock ready``: whether an emulator answers, and the address at which the environment has one."""

from __future__ import annotations

import http.client
import os
import ssl
import time
from urllib.parse import urlsplit

import click

from rtgmock.cli.ready_file import read_ready_file
from rtgmock.errors import StartupError
from rtgmock.network import local_url
from rtgmock.paths import HEALTH_PATH
from rtgmock.settings.click_options import as_sentence
from rtgmock.settings.config import SETTINGS

_RETRY_INTERVAL = 0.05
_TIMEOUT = 2


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
    """
    deadline = time.monotonic() + seconds
    # The target is looked up each time: a ready file may appear while we wait.
    while (problem := _find_problem(target := url or read_ready_file() or configured_url())) and (
        time.monotonic() < deadline
    ):
        time.sleep(_RETRY_INTERVAL)
    if problem:
        raise StartupError(f"no emulator answers at {target}: {problem}; start one with: rtgmock serve")


def configured_url() -> str:
    """Return the URL at which ``serve`` serves with RTGMOCK_HOST, RTGMOCK_PORT and RTGMOCK_TLS. Raises UsageError."""
    tls = SETTINGS["tls"]
    try:
        use_tls = tls.parse(os.environ.get(tls.variable) or tls.shown_default)
    except ValueError as error:
        raise click.UsageError(f"{tls.variable}: {as_sentence(error)}") from error
    address = (os.environ.get(row.variable, row.shown_default) for row in (SETTINGS["host"], SETTINGS["port"]))
    return local_url(*address, tls=use_tls)


def _connect(url: str) -> http.client.HTTPConnection:
    """Return a connection that opens on its first request. Unlike urllib it uses no proxy from the environment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or {"https": 443}.get(parts.scheme, 80)
    except ValueError:
        host = None
    if host is None or parts.scheme not in {"http", "https"}:
        raise click.UsageError(f"{url!r} is not an HTTP URL with a host; write it as http://127.0.0.1:8080.")
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


def _find_problem(url: str) -> str:
    """Return why the emulator isn't ready; an empty string when it is."""
    connection = _connect(url)
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
