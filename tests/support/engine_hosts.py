"""Engines behind TCP, TLS or SSH, and Podman. All but Podman are reached by 127.0.0.2, as if on another machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import docker
import psutil
import pytest
import trustme

from tests.support.command import until
from tests.support.ports import free_ports
from tests.support.private_engine import Daemon, PrivateEngine

ELSEWHERE = "127.0.0.2"
"""An address of this machine that rtgmock does not count as local."""


class Host:
    """The environment variables that lead to an engine, and the socket by which the test itself reaches it."""

    def __init__(self, socket: str, **variables: str) -> None:
        self.socket = socket
        self.variables = variables
        self.remote = not variables["DOCKER_HOST"].startswith("unix:")
        self.unlimited = False


def tcp(engine: PrivateEngine) -> Host:
    """Start the engine on a TCP port without authentication."""
    address = f"tcp://{ELSEWHERE}:{free_ports(1)[0]}"
    engine.options = [f"--host={address}", "--tls=false"]
    engine.start()
    return Host(engine.socket, DOCKER_HOST=address)


def tls(engine: PrivateEngine, client_authority: trustme.CA | None = None) -> Host:
    """Start the engine on a TLS port that requires client certificates.

    With another ``client_authority``, the client has a certificate that the engine does not trust.
    """
    authority = trustme.CA()
    files = certificates(engine.folder / "server", authority, authority.issue_cert(ELSEWHERE))
    client = (client_authority or authority).issue_cert("client.example")
    ours = certificates(engine.folder / "client", authority, client)
    address = f"tcp://{ELSEWHERE}:{free_ports(1)[0]}"
    names = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
    engine.options = [f"--host={address}", "--tlsverify", *(f"--{name}={files / file}" for name, file in names.items())]
    engine.start()
    return Host(engine.socket, DOCKER_HOST=address, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(ours))


def certificates(folder: Path, authority: trustme.CA, certificate: trustme.LeafCert) -> Path:
    """Create a folder for DOCKER_CERT_PATH."""
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    return folder


class Registry(Daemon):
    """A registry of images, served by the program ``docker-registry``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()
        self.name = f"127.0.0.1:{free_ports(1)[0]}"
        storage = f"storage: {{filesystem: {{rootdirectory: {folder}/storage}}}}"
        (folder / "config.yml").write_text(f"version: 0.1\n{storage}\nhttp: {{addr: '{self.name}'}}\n")

    def start(self) -> None:
        self.spawn("docker-registry", "serve", str(self.folder / "config.yml"))
        until(self._listens)

    def pause(self) -> None:
        """Suspend the registry: connections are accepted by the kernel, and requests get no response."""
        for process in self.processes():
            process.suspend()

    def has_client(self) -> bool:
        """Return whether a client is connected."""
        calls = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
        return any(":".join(map(str, call.raddr)) == self.name for call in calls)

    def _listens(self) -> bool:
        host, port = self.name.split(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            return True
        return False

    def push(self, client: docker.DockerClient, image: str, name: str) -> str:
        """Push an image under a name and the tag 7-alpine, and return its digest."""
        repository = f"{self.name}/{name}"
        client.images.get(image).tag(repository, "7-alpine")
        try:
            events = list(client.api.push(repository, "7-alpine", stream=True, decode=True))
        finally:
            client.images.remove(f"{repository}:7-alpine")
        return str(next(event["aux"]["Digest"] for event in events if "aux" in event))


class Sshd(Daemon):
    """An SSH server whose sessions have the engine's DOCKER_HOST, and an ``ssh`` program with its only key."""

    def __init__(self, engine: PrivateEngine) -> None:
        super().__init__(engine.folder / "ssh")
        self.folder.mkdir()
        self._engine = engine
        self.port = free_ports(1)[0]
        for name in ("host", "user"):
            key = ["-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(["ssh-keygen", *key], check=True, timeout=20)
        self._write_configurations()

    def _write_configurations(self) -> None:
        here, host_key = self.folder, (self.folder / "host.pub").read_text()
        served = {
            "ListenAddress": f"{ELSEWHERE}:{self.port}",
            "HostKey": here / "host",
            "AuthorizedKeysFile": here / "user.pub",
            "PidFile": here / "pid",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "prohibit-password",
            "SetEnv": f"DOCKER_HOST={self._engine.socket}",
        }
        used = {
            "IdentityFile": here / "user",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": here / "known_hosts",
            "BatchMode": "yes",
            "ControlMaster": "auto",  # each request is a call of ssh
            "ControlPath": here / "control",
            "ControlPersist": "yes",
        }
        (here / "known_hosts").write_text(f"[{ELSEWHERE}]:{self.port} {host_key}")
        for name, options in (("sshd_config", served), ("ssh_config", used)):
            (here / name).write_text("".join(f"{option} {value}\n" for option, value in options.items()))
        program = here / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {here}/ssh_config "$@"\n')
        program.chmod(0o755)

    def start(self) -> Host:
        Path("/run/sshd").mkdir(exist_ok=True)
        self.spawn(str(shutil.which("sshd")), "-D", "-e", "-f", str(self.folder / "sshd_config"))
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return Host(self._engine.socket, DOCKER_HOST=f"ssh://root@{ELSEWHERE}:{self.port}", PATH=path)


class Podman(Daemon):
    """Podman's service for the Docker API, with a private storage."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.socket = f"unix://{folder}/sock"
        self._environment = {"CONTAINERS_CONF": str(folder / "containers.conf")}
        (folder / "containers.conf").write_text(
            "[containers]\n"
            'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n'
            f'cgroup_parent = "/{self.group}"\n'
            "[network]\n"
            'network_backend = "netavark"\n'
            f'network_config_dir = "{folder}/networks"\n'
            "[engine]\n"
            'cgroup_manager = "cgroupfs"\n'
            'events_logger = "file"\n'
            'runtime = "runc"\n'
        )

    def start(self, archive: bytes) -> Host:
        self.spawn(*self._command("system", "service", "--time=0", self.socket), env=self._environment)
        if not until(lambda: self._listens() or self.ended) or self.ended:
            pytest.fail(f"podman does not start: {(self.folder / 'log').read_text()}")
        with contextlib.closing(docker.DockerClient(self.socket, timeout=60)) as client:
            client.images.load(archive)
        host = Host(self.socket, DOCKER_HOST=self.socket)
        host.unlimited = True
        return host

    def _listens(self) -> bool:
        """Return whether the socket takes connections: its file is there a moment earlier."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "sock"))
            return True
        return False

    def _command(self, *arguments: str) -> list[str]:
        own = {name: f"{self.folder}/{name}" for name in ("root", "runroot", "tmpdir")}
        return ["podman", *(f"--{name}={place}" for name, place in own.items()), *arguments]

    def close(self) -> None:
        for end in (("rm", "--all", "--force"), ("network", "prune", "--force")):
            environment = {**os.environ, **self._environment}
            subprocess.run(self._command(*end), env=environment, check=False, capture_output=True, timeout=60)
        super().close()
