"""The client of the Docker engine: where the engine is, and a connection to it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import docker
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env, parse_host

from rtgmock.engines.docker.address import HOST, VERIFY, engine_variables
from rtgmock.engines.docker.outages import DOCKER_ERRORS, root_cause
from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCAL_HOSTS = {None, "localhost", "127.0.0.1", "::1"}


def connect() -> docker.DockerClient:
    """Return a client of the engine that DOCKER_HOST, else Docker's current context names. Raises StartupError."""
    try:
        variables = engine_variables(os.environ)
    except ValueError as error:
        raise StartupError(f"{error}, set DOCKER_HOST, or take --redis process") from error
    address = variables.get(HOST, "")
    if address.startswith("ssh://"):
        _check_ssh(address)
    try:
        parameters = kwargs_from_env(variables)
        if "tls" in parameters:
            parameters["tls"] = _ClientCertificates(parameters["tls"])
        # The ssh program reads ~/.ssh/config and uses the agent; paramiko, the SDK's default, knows less of both.
        client = docker.DockerClient(timeout=60, use_ssh_client=True, **parameters)
        client.ping()
    except (*DOCKER_ERRORS, ValueError) as error:  # ValueError: an address that cannot be parsed
        remedy = "check DOCKER_CERT_PATH" if VERIFY in variables else "start one"
        raise StartupError(
            f"no Docker engine answers ({root_cause(error)}); {remedy}, set DOCKER_HOST, or take --redis process"
        ) from error
    return client


def _check_ssh(address: str) -> None:
    """Raise StartupError where what ssh:// needs is missing: the SDK's own errors do not say what to install."""
    if not importlib.util.find_spec("paramiko"):  # the SDK imports it, and then runs the program
        raise StartupError.without_package(f"the Docker engine {address}", "paramiko", extra="ssh")
    if not shutil.which("ssh"):
        raise StartupError(
            f"the Docker engine {address} needs the program ssh, which is not here; "
            "install it, take an engine on a socket or by tcp://, or take --redis process"
        )


class _ClientCertificates(TLSConfig):
    """The certificates of DOCKER_CERT_PATH and no others: requests would prefer those of REQUESTS_CA_BUNDLE."""

    def __init__(self, config: TLSConfig) -> None:
        super().__init__(config.cert, config.ca_cert, config.verify)

    def configure_client(self, client: docker.APIClient) -> None:
        super().configure_client(client)
        client.trust_env = False


def remote_host(environment: Mapping[str, str]) -> str | None:
    """Return the host of an engine on another machine; None for a socket or a local address."""
    host = engine_variables(environment).get(HOST)
    address = urlsplit(parse_host(host))  # the SDK translates tcp:// to http://
    is_remote = address.scheme in {"http", "https", "ssh"} and address.hostname not in _LOCAL_HOSTS
    return str(address.hostname) if is_remote else None
