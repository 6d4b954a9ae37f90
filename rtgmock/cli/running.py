"""The emulator that runs: where the environment says that it is, and what its control API answers to a command."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import click

from rtgmock.cli.ready_file import read_ready_file
from rtgmock.errors import StartupError
from rtgmock.network import is_loopback, local_url
from rtgmock.paths import CONTROL_PATH
from rtgmock.settings.click_options import as_sentence, build_config, setting_option
from rtgmock.settings.config import SETTINGS, Config
from rtgmock.settings.parsers import Credentials
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult


_TIMEOUT = 2


class UnreachableError(Exception):
    """Nothing that speaks the protocol of a URL answers there; the text is the reason."""


def no_emulator(url: str, problem: str) -> StartupError:
    """Return the error for a URL at which no emulator answers. It does not show a password in the URL."""
    place = re.sub("//[^/]*@", "//", url)
    return StartupError(f"no emulator answers at {place}: {problem}; start one with: rtgmock serve")


def find_url() -> str:
    """Return the URL in the ready file that the environment names, else the configured one. Raises UsageError."""
    return read_ready_file() or configured_url()


def configured_url() -> str:
    """Return the URL at which ``serve`` serves with RTGMOCK_HOST, RTGMOCK_PORT and RTGMOCK_TLS. Raises UsageError."""
    tls = SETTINGS["tls"]
    try:
        use_tls = tls.parse(os.environ.get(tls.variable) or tls.shown_default)
    except ValueError as error:
        raise click.UsageError(f"{tls.variable}: {as_sentence(error)}") from error
    address = (os.environ.get(row.variable, row.shown_default) for row in (SETTINGS["host"], SETTINGS["port"]))
    return local_url(*address, tls=use_tls)


def _split(url: str) -> SplitResult:
    """Return the parts of a URL of the API. Raises UsageError."""
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.scheme in {"http", "https"} and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url:
        raise click.UsageError(f"{url!r} is not an HTTP URL with a host; write it as http://127.0.0.1:8080.")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _connect(parts: SplitResult, *, verify: bool) -> http.client.HTTPConnection:
    """Return a connection that opens on its first request. Unlike urllib it uses no proxy from the environment."""
    host, port = parts.hostname or "", _port(parts)
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    context = ssl.create_default_context() if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


def ask(url: str, path: str, headers: Mapping[str, str] | None = None, *, verify: bool = False) -> tuple[int, bytes]:
    """Send a GET request, and return the status and the body of the answer. Raises UsageError, UnreachableError."""
    connection = _connect(_split(url), verify=verify)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(
            "its certificate is not trusted here (let SSL_CERT_FILE name the file that rtgmock ca prints there)"
        ) from error
    except ssl.SSLError as error:
        raise UnreachableError("what listens there does not speak HTTPS") from error
    except OSError as error:
        raise UnreachableError(_reason(error)) from error
    except http.client.HTTPException as error:
        raise UnreachableError(f"what listens there does not speak HTTP ({type(error).__name__})") from error
    finally:
        connection.close()


@dataclass(frozen=True)
class RunningEmulator:
    """An emulator that another process runs, and the account with which it is asked."""

    url: str
    username: str
    password: str

    def address(self) -> str:
        """Return the address at which it is reached. Raises StartupError."""
        parts = _split(self.url)
        try:
            with socket.create_connection((parts.hostname or "", _port(parts)), _TIMEOUT) as connection:
                return str(connection.getpeername()[0])
        except OSError as error:
            raise no_emulator(self.url, _reason(error)) from error

    def get(self, path: str) -> Any:
        """Return what ``GET`` of a path of the control API answers. Raises StartupError."""
        login = b64encode(f"{self.username}:{self.password}".encode()).decode()
        # On this machine nobody can listen in, and --tls makes its CA itself; elsewhere the password is at stake.
        verify = not is_loopback(_split(self.url).hostname or "")
        try:
            status, body = ask(self.url, f"{CONTROL_PATH}/{path}", {"Authorization": f"Basic {login}"}, verify=verify)
        except UnreachableError as error:
            raise no_emulator(self.url, str(error)) from error
        if status == HTTPStatus.UNAUTHORIZED:
            raise StartupError(
                f"the emulator at {self.url} does not let the account {printable(self.username, 40)} in with this "
                "password; give it the first one of its accounts: --account NAME:PASSWORD"
            )
        try:
            document = json.loads(body) if status == HTTPStatus.OK else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            said = printable(body.decode(errors="replace").strip(), 160)
            raise StartupError(f"what answers at {self.url} is no emulator of this version: {status} {said}")
        return document


def target_options() -> list[click.Parameter]:
    """Return the options of a command that asks a running emulator: its URL and the account."""
    account = SETTINGS["accounts"]
    return [
        click.Option(
            ["--url"],
            metavar="URL",
            envvar="RTGMOCK_URL",
            help="URL of the API, which may have an account in it.  [env: RTGMOCK_URL; default: as for ready]",
        ),
        setting_option(
            "accounts",
            f"Account to use.  [env: {account.variable}; default: that of exec or env, else {account.shown_default}]",
        ),
    ]


def find_emulator(url: str | None, accounts: tuple[Credentials, ...]) -> RunningEmulator:
    """Return the emulator at a URL, by default the one that ``ready`` finds, and the account to ask it with.

    Raises UsageError.
    """
    target = url or find_url()
    parts = _split(target)
    if parts.username is not None:
        account = Credentials(unquote(parts.username), unquote(parts.password or ""))
    else:
        account = _account(build_config({"accounts": accounts}).first_account)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2], path="", query="", fragment="")
    return RunningEmulator(place.geturl(), *account)


def _account(chosen: Credentials) -> Credentials:
    """Return the account of the options; if it is the default one, that of the emulator around this command, if any.

    ``exec`` and ``env`` set these variables.
    """
    around = (os.environ.get("REDISTOGO_USERNAME"), os.environ.get("REDISTOGO_PASSWORD"))
    if chosen == Config.accounts[0] and all(around):
        return Credentials(*map(str, around))
    return chosen
