"""The emulator that runs: where the environment says that it is, and what its control API answers to a command."""

from __future__ import annotations

import functools
import http.client
import json
import os
import re
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass, replace
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
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult


_TIMEOUT = 2
_CHANGE_TIMEOUT = 120
"""Seconds for a request that changes something: a reset may start a hundred Redis servers."""
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE}
"""The statuses of the control API whose text says to people what is wrong."""


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
    return local_url(_from_variable("host"), str(_from_variable("port")), tls=_from_variable("tls"))


def _from_variable(name: str) -> Any:
    """Return a setting's value from its variable, or its default. Raises UsageError."""
    row = SETTINGS[name]
    try:
        return row.parse(os.environ.get(row.variable) or row.shown_default)
    except ValueError as error:
        raise click.BadParameter(as_sentence(error), param_hint=f"'{row.variable}'") from error


def _split(url: str) -> SplitResult:
    """Return the parts of a URL of the API. Raises UsageError."""
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.scheme in {"http", "https"} and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url:
        context = click.get_current_context(silent=True)
        is_variable = context and context.get_parameter_source("url") is click.core.ParameterSource.ENVIRONMENT
        source = "Invalid value for 'RTGMOCK_URL': " if is_variable else ""
        raise click.UsageError(f"{source}{url!r} is not an HTTP URL with a host; write it as http://127.0.0.1:8080.")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _connect(parts: SplitResult, *, verify: bool, timeout: float) -> http.client.HTTPConnection:
    """Return a connection that opens on its first request. Unlike urllib it uses no proxy from the environment."""
    host, port = parts.hostname or "", _port(parts)
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout)
    context = ssl.create_default_context() if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)


def ask(
    url: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    verify: bool = False,
    method: str = "GET",
    body: bytes | None = None,
) -> tuple[int, bytes]:
    """Send a request, and return the status and the body of the answer. Raises UsageError, UnreachableError."""
    timeout = _TIMEOUT if method == "GET" else _CHANGE_TIMEOUT
    connection = _connect(_split(url), verify=verify, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers or {}))
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
    account_option: str = "--account"
    """The option of the command that names the account."""

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
        return self.send("GET", path)

    def send(self, method: str, path: str, document: object = None) -> Any:
        """Send a request to the control API, with a document as JSON, and return what it answers.

        Raises StartupError, also with the messages of a refusal.
        """
        try:
            return self.try_send(method, path, document)
        except UnreachableError as error:
            raise no_emulator(self.url, str(error)) from error

    def try_send(self, method: str, path: str, document: object = None) -> Any:
        """Do what ``send`` does; raise UnreachableError when nothing answers."""
        login = b64encode(f"{self.username}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        # The certificate of --tls is issued by a CA that clients don't know. On this machine it isn't checked, since
        # nobody can overhear the connection. Another machine gets the password only if its certificate is trusted.
        verify = not is_loopback(_split(self.url).hostname or "")
        sent = None if document is None else json.dumps(document).encode()
        status, body = ask(self.url, f"{CONTROL_PATH}/{path}", headers, verify=verify, method=method, body=sent)
        return self._document(status, body)

    def _document(self, status: int, body: bytes) -> dict[str, Any]:
        """Return the JSON object of an answer. Raises StartupError for a refusal."""
        if status == HTTPStatus.UNAUTHORIZED:
            raise StartupError(
                f"the emulator at {self.url} does not let the account {printable(self.username, 40)} in with this "
                f"password; give it the first one of its accounts: {self.account_option} NAME:PASSWORD"
            )
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if status in {HTTPStatus.OK, HTTPStatus.CREATED} and isinstance(document, dict):
            return document
        said = printable("; ".join(error_messages(document)) or body.decode(errors="replace").strip(), 300)
        if status in _REFUSALS:
            raise StartupError(said)
        raise StartupError(f"what answers at {self.url} is no emulator of this version: {status} {said}")


def error_messages(document: object) -> list[str]:
    """Return the messages in the JSON of a 422; none for anything else."""
    found = document.get("errors") if isinstance(document, dict) else document
    return [*map(str, found)] if isinstance(found, list) else []


def target_options() -> list[click.Parameter]:
    """Return the options of a command that asks a running emulator: its URL and the account."""
    return [_url_option(), setting_option("accounts", _account_help())]


def control_options() -> list[click.Parameter]:
    """Return the options of a command that uses the control API: its URL, the account as curl names it, and --json.

    ``--account`` is left to what the commands select.
    """
    account = setting_option("accounts", _account_help())
    account.opts = ["-u", "--user"]
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print what the control API answers, as JSON.")
    return [as_json, _url_option(), account]


def _url_option() -> click.Option:
    return click.Option(
        ["--url"],
        metavar="URL",
        envvar="RTGMOCK_URL",
        help="URL of the API, which may have an account in it.  [env: RTGMOCK_URL; default: as for ready]",
    )


def _account_help() -> str:
    account = SETTINGS["accounts"]
    return f"Account to use.  [env: {account.variable}; default: that of exec or env, else {account.shown_default}]"


def with_emulator(function: Callable[..., None]) -> Callable[..., None]:
    """Return the callback of a command with ``control_options``: the emulator takes the place of URL and account."""

    @functools.wraps(function)
    def callback(*, url: str | None, accounts: tuple[Credentials, ...], **parameters: Any) -> None:
        function(replace(find_emulator(url, accounts), account_option="-u"), **parameters)

    return callback


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
