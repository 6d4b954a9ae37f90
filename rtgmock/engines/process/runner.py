"""Redis servers as child processes: configuration on standard input, a data folder each."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil

from rtgmock.engines.ownership import OWNER, me, temporary_folder
from rtgmock.engines.ports import can_listen
from rtgmock.engines.redis.config_file import SNAPSHOT
from rtgmock.errors import EngineFailed
from rtgmock.network import client_host
from rtgmock.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtgmock.model.types import Record

_STOP_TIMEOUT = 10.0
_LOG_LINES = 3


def _environment() -> dict[str, str]:
    """Ours, without the emulator's settings: a password may be among them."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RTGMOCK_")}
    return {**inherited, OWNER: me()}


def _feed(process: subprocess.Popen[bytes], configuration: str) -> None:
    if process.stdin is not None:
        with process.stdin as standard_input:
            standard_input.write(configuration.encode())


def _end(number: int) -> None:
    """Let a server save and end; end it when it takes too long."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        process.terminate()
        process.resume()  # what stands still takes no signal
        try:
            process.wait(_STOP_TIMEOUT)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_STOP_TIMEOUT)


class ProcessRunner:
    """Runs servers under ``folder``, one sub-folder an instance; a temporary folder when it is None."""

    name = "process"
    hostname: str | None = None

    def __init__(self, server: str, host: str, folder: Path | None) -> None:
        self._server = server
        self._host = host
        self._temporary = folder is None
        self._folder = folder or temporary_folder()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._before_exec = die_with_parent()
        # A child ends with the thread that started it, not with the process: so one thread starts them all.
        self._starter = ThreadPoolExecutor(1, "rtgmock-redis")
        self.description = f"process: {server}, data in {self._folder}"

    def is_port_free(self, port: int) -> bool:
        """Whether the port can be listened on."""
        return can_listen(self._host, port)

    def address(self, record: Record) -> tuple[str, int]:
        """Where the emulator reaches a server."""
        return client_host(self._host), record["port"]

    def from_within(self, record: Record) -> Record:
        """A process reaches what the emulator reaches."""
        return record

    def launch(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Run a server in its folder, in place of one that an emulator which died may have left there."""
        instance_id = record["id"]
        self._end_stale(instance_id)
        folder = self._home(instance_id)
        place = [
            ("port", str(record["port"])),
            ("bind", self._host),
            ("dir", str(folder)),
            ("protected-mode", "no"),
            ("daemonize", "no"),
        ]
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            process = self._starter.submit(self._spawn, folder, write(place)).result()
        except OSError as error:
            raise EngineFailed(f"{self._server} cannot be started in {folder}: {error.strerror}.") from error
        with self._lock:
            self._processes[instance_id] = process

    def _spawn(self, folder: Path, configuration: str) -> subprocess.Popen[bytes]:
        with (folder / "redis.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - the program is the user's choice
                [self._server, "-", "--set-proc-title", "no"],  # with a title, it overwrites OWNER
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is the emulator's to answer
                preexec_fn=self._before_exec,  # noqa: PLW1509 - two system calls and nothing else
            )
        (folder / "redis.pid").write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}\n")
        with contextlib.suppress(BrokenPipeError):  # it ended at once; its log says why
            _feed(process, configuration)
        return process

    def configure(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Nobody else starts a process again."""

    def delete_snapshot(self, instance_id: int) -> None:
        """Delete the snapshot."""
        (self._home(instance_id) / SNAPSHOT).unlink(missing_ok=True)

    def freeze(self, instance_id: int) -> None:
        """SIGSTOP."""
        self._suspend(instance_id, psutil.Process.suspend)

    def thaw(self, instance_id: int) -> None:
        """SIGCONT."""
        self._suspend(instance_id, psutil.Process.resume)

    def _suspend(self, instance_id: int, do: Callable[[psutil.Process], None]) -> None:
        process = self._processes.get(instance_id)
        try:
            do(psutil.Process(process.pid if process else -1))
        except (psutil.Error, ValueError) as error:
            raise EngineFailed("The instance's Redis does not run.") from error

    def running(self, instance_id: int) -> bool:
        """Whether the process lives."""
        process = self._processes.get(instance_id)
        return process is not None and process.poll() is None

    def log(self, instance_id: int) -> str:
        """The last lines that the server wrote."""
        with contextlib.suppress(OSError):
            text = (self._home(instance_id) / "redis.log").read_text(errors="replace")
            return " / ".join(line.strip() for line in text.strip().splitlines()[-_LOG_LINES:])
        return ""

    def stop(self, instance_id: int) -> None:
        """Let the server save and end; end it when it takes too long."""
        with self._lock:
            process = self._processes.pop(instance_id, None)
        if process is None:
            self._end_stale(instance_id)
            return
        _end(process.pid)
        process.wait()
        (self._home(instance_id) / "redis.pid").unlink(missing_ok=True)

    def remove(self, instance_id: int) -> None:
        """End the server, whose data nobody wants, and delete its folder."""
        with self._lock:
            process = self._processes.pop(instance_id, None)
        if process is None:
            self._end_stale(instance_id)
        else:
            process.kill()
            process.wait()
        shutil.rmtree(self._home(instance_id), ignore_errors=True)

    def adopt(self, instance_id: int) -> None:
        """End the server: it is another process's child, and would not end with this one."""
        self._end_stale(instance_id)

    def present(self) -> set[int]:
        """The instances that have a folder."""
        with contextlib.suppress(OSError):
            return {int(entry.name) for entry in self._folder.iterdir() if entry.name.isdecimal()}
        return set()

    def close(self) -> None:
        """Stop all servers at once."""
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(self.stop, list(self._processes)))
        self._starter.shutdown()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _home(self, instance_id: int) -> Path:
        return self._folder / str(instance_id)

    def _end_stale(self, instance_id: int) -> None:
        """End a server that an emulator which died has left, unless its process id is another's by now."""
        try:
            number, created = (self._home(instance_id) / "redis.pid").read_text().split()
            process = psutil.Process(int(number))
            if process.create_time() != float(created):
                return
            _end(process.pid)
        except (OSError, ValueError, psutil.Error):
            return
