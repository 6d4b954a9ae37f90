"""A private Docker engine that a test can kill. It shares nothing with the machine's own engine."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import psutil
import pytest

from tests.support.command import until
from tests.support.ports import process_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOUNTS = Path("/proc/self/mounts")
_CGROUPS = Path("/sys/fs/cgroup")


class Daemon:
    """A process with its own folder. Processes that name that folder, or are in its control group, belong to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.group = folder.name
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self, *command: str, env: dict[str, str] | None = None) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """Send a signal to the daemon, not to its children, and wait until it has ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Suspend the daemon in the ``with`` block: connections are accepted by the kernel, and get no response."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            try:
                yield
            finally:
                self._process.send_signal(signal.SIGCONT)

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """kill -9 of the daemon and of all that it has started."""
        until(self._kill_each)
        if self._process is not None:
            self._process.wait(30)

    def _kill_each(self) -> bool:
        processes = list(self.processes())
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        return not processes

    def processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                grouped = f"/{self.group}/" in Path(f"/proc/{process.pid}/cgroup").read_text()
                named = any(str(self.folder) in word for word in process.cmdline())
                if (grouped or named) and process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
                    yield process

    def unmount(self) -> None:
        mounted = [line.split()[1] for line in _MOUNTS.read_text().splitlines()]
        for place in reversed([place for place in mounted if place.startswith(f"{self.folder}/")]):
            _quietly("umount", "--lazy", place)

    def close(self) -> None:
        """Kill the daemon and remove its mounts, control groups and folder."""
        self.kill()
        self.unmount()
        for group in _CGROUPS.glob(f"*/{self.group}"):
            for inner in [*sorted(group.rglob("*/"), reverse=True), group]:
                with contextlib.suppress(OSError):
                    inner.rmdir()
        shutil.rmtree(self.folder, ignore_errors=True)


class PrivateEngine(Daemon):
    """A ``dockerd`` with its own data, sockets, bridge and control group, which does not touch the firewall.

    With the default bridge, or with other address pools, it would remove ``docker0`` of the machine's engine.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.socket = f"unix://{folder}/sock"
        self.options: Sequence[str] = ()
        self._bridge = f"rt{secrets.token_hex(4)}"
        (folder / "daemon.json").write_text("{}")

    def start(self) -> None:
        """Start it, also after a kill, and wait until it answers."""
        (self.folder / "pid").unlink(missing_ok=True)
        if not any(process.name() == "containerd" for process in self.processes()):
            # dockerd would take a zombie with this process id for a containerd that runs.
            (self.folder / "exec-root/containerd/containerd.pid").unlink(missing_ok=True)
        self._provide_bridge()
        own = {name: f"{self.folder}/{name}" for name in ("data-root", "exec-root")}
        self.spawn(
            "dockerd",
            *(f"--{name}={place}" for name, place in own.items()),
            f"--pidfile={self.folder}/pid",
            f"--config-file={self.folder}/daemon.json",
            f"--host={self.socket}",
            f"--bridge={self._bridge}",
            f"--cgroup-parent=/{self.group}",
            "--iptables=false",
            "--ip6tables=false",
            *self.options,
        )
        if not until(lambda: self.answers() or self.ended) or self.ended:
            log = (self.folder / "log").read_text().strip().splitlines()
            pytest.fail(f"dockerd does not start: {' / '.join(log[-3:])}")

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(10)
            caller.connect(self.socket.removeprefix("unix://"))
            caller.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in caller.recv(100)
        return False

    def client(self) -> docker.DockerClient:
        return docker.DockerClient(self.socket, timeout=60)

    def load(self, archive: bytes) -> None:
        with contextlib.closing(self.client()) as client:
            client.images.load(archive)

    def cut_power(self) -> None:
        """Kill everything at once, and remove what does not survive a reboot: mounts, runtime state, bridges."""
        self.kill()
        self.unmount()
        shutil.rmtree(self.folder / "exec-root", ignore_errors=True)
        self._remove_bridges()

    def _provide_bridge(self) -> None:
        if not Path("/sys/class/net", self._bridge).exists():
            _run("ip", "link", "add", self._bridge, "type", "bridge")
            # A range for benchmarks of networks, which no real network uses (RFC 2544).
            subnet = f"198.18.{process_number()}"
            _run("ip", "addr", "add", f"{subnet}.1/24", "dev", self._bridge)
            _run("ip", "link", "set", self._bridge, "up")

    def _remove_bridges(self) -> None:
        """Remove the bridges of the engine's networks, whose names are in its database."""
        records = self.folder / "data-root/network/files/local-kv.db"
        named = re.findall(rb"\bbr-[0-9a-f]{12}\b", records.read_bytes()) if records.exists() else []
        for name in {self._bridge, *(name.decode() for name in named)}:
            if Path("/sys/class/net", name).exists():
                _quietly("ip", "link", "delete", name)

    def close(self) -> None:
        if not self.ended:
            self.signal(signal.SIGKILL)
        self.kill()
        self._remove_bridges()
        super().close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def _quietly(*command: str) -> None:
    subprocess.run(command, check=False, capture_output=True, timeout=30)
