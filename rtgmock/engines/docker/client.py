"""The Docker engine: where it is, how it is reached, and why not."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import docker
from docker.errors import APIError, DockerException
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env, parse_host
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKER_ERRORS = (DockerException, RequestException, HTTPError)
"""What the SDK raises: errors of its own, and those of the HTTP libraries below it."""


def connect() -> docker.DockerClient:
    """The engine that DOCKER_HOST names, or the local one. Raises StartupError."""
    where = os.environ.get("DOCKER_HOST", "")
    if where.startswith("ssh://") and not (importlib.util.find_spec("paramiko") and shutil.which("ssh")):
        raise StartupError(
            f"DOCKER_HOST={where} takes the program ssh and the package paramiko, and one is not here; "
            "install it, take an engine on a socket or by tcp://, or take --redis process"
        )
    try:
        place = kwargs_from_env()
        if "tls" in place:
            place["tls"] = _Certificates(place["tls"])
        client = docker.DockerClient(timeout=60, use_ssh_client=True, **place)
        client.ping()
    except (*DOCKER_ERRORS, ValueError) as error:
        remedy = "check DOCKER_CERT_PATH" if os.environ.get("DOCKER_TLS_VERIFY") else "start one"
        raise StartupError(
            f"no Docker engine answers ({cause(error)}); {remedy}, set DOCKER_HOST, or take --redis process"
        ) from error
    return client


class _Certificates(TLSConfig):
    """Those of DOCKER_CERT_PATH and no others: in requests, REQUESTS_CA_BUNDLE would count for more."""

    def __init__(self, given: TLSConfig) -> None:
        super().__init__(given.cert, given.ca_cert, given.verify)

    def configure_client(self, client: docker.APIClient) -> None:
        super().configure_client(client)
        client.trust_env = False


def remote_host(environment: Mapping[str, str]) -> str | None:
    """The host of an engine that is not on this machine, by DOCKER_HOST: tcp and ssh name one, a socket doesn't."""
    address = urlsplit(parse_host(environment.get("DOCKER_HOST")))
    local = {None, "localhost", "127.0.0.1", "::1"}
    return address.hostname if address.scheme in {"http", "https", "ssh"} and address.hostname not in local else None


def cause(error: BaseException) -> str:
    """The innermost reason in one line."""
    if isinstance(error, APIError) and error.explanation:
        return " ".join(str(error.explanation).split())
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return " ".join(str(getattr(error, "strerror", None) or error).split())
