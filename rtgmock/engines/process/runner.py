"""Redis servers as child processes: each gets its configuration on standard input, and has a folder for its data."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import psutil

from rtgmock.engines.ownership import OWNER, current_owner, is_server_of, temporary_folder
from rtgmock.engines.ports import first_free_port
from rtgmock.engines.process import termination
from rtgmock.engines.process.ends import ChildEnds
from rtgmock.engines.process.guarding import Guard
from rtgmock.engines.redis.config_file import SNAPSHOT
from rtgmock.engines.runner import Place, warn_of_kill
from rtgmock.errors import EngineFailed
from rtgmock.folders import make_private
from rtgmock.network import client_host, listening_hosts
from rtgmock.processes import die_with_parent
from rtgmock.settings.engine_names import EngineName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from rtgmock.model.types import Record

_LOG_LINES = 3
_MAX_STOPPING = 64


def _environment() -> dict[str, str]:
    """Return the emulator's environment for a server, without the emulator's settings: one may be a password."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RTGMOCK_")}
    return {**inherited, OWNER: current_owner()}


def _send_configuration(process: subprocess.Popen[bytes], configuration: str) -> None:
    """Write redis.conf to the server's standard input, where no other user sees the password, as in a file or argv."""
    if process.stdin is not None:
        with process.stdin as standard_input:
            standard_input.write(configuration.encode())


class ProcessRunner:
    """Runs servers that have their data in ``folder``, each in a sub-folder; in a temporary one when it is None."""

    name: str = EngineName.PROCESS.value
    hostname: str | None = None

    def __init__(self, server: str, host: str, folder: Path | None, *, is_protected: bool = True) -> None:
        self._server = server
        # It is in no file: servers that an emulator has left are replaced by the next one.
        self.administrator = None if is_protected else secrets.token_hex(32)
        self._host = host
        self._temporary = folder is None
        self._folder = folder or temporary_folder()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._ends = ChildEnds()
        self._report_end: Callable[[int], None] = lambda _instance_id: None
        self._guard = Guard(_environment)
        self._before_exec = die_with_parent()
        # The kernel sends the parent-death signal when the thread that forked ends, not when the process does. The
        # thread of a request may end at any time, so all servers are started by one that lives as long as the runner.
        self._starter = ThreadPoolExecutor(1, "rtgmock-redis")
        self.description = f"process: {server}"

    def check(self) -> None:
        """Do nothing: processes can be run at any time."""

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port that can be listened on."""
        return first_free_port(self._host, candidates)

    def address(self, record: Record) -> tuple[str, int]:
        """Return the address on which the server listens."""
        return client_host(self._host), record["port"]

    def place(self, record: Record) -> Place:
        """Return the instance's port and folder."""
        return Place(record["port"], " ".join(listening_hosts(self._host)), str(self._folder_of(record["id"])))

    def resolve_master(self, record: Record) -> Record:
        """Return the record as it is: a process reaches every host that the emulator reaches."""
        return record

    def launch(self, record: Record, configuration: str) -> None:
        """Run a server in its folder, and end one that an emulator which died has left there."""
        instance_id = record["id"]
        self._terminate_stale(instance_id)
        folder = self._folder_of(instance_id)
        try:
            make_private(self._folder)
            make_private(folder)
            process = self._starter.submit(self._spawn, folder, configuration).result()
        except OSError as error:
            raise EngineFailed(f"{self._server} cannot be started in {folder}: {error.strerror}") from error
        with self._lock:
            self._processes[instance_id] = process
        self._guard.add(process.pid, folder)
        self._ends.watch(process, partial(self._ended, instance_id, process))

    def _ended(self, instance_id: int, process: subprocess.Popen[bytes]) -> None:
        self._guard.remove(process.pid)
        if self._processes.get(instance_id) is process:  # else it was stopped or replaced on purpose
            self._report_end(instance_id)

    def report_ends(self, report: Callable[[int], None]) -> None:
        """Call ``report`` as soon as a server has ended by itself."""
        self._report_end = report

    def _spawn(self, folder: Path, configuration: str) -> subprocess.Popen[bytes]:
        with (folder / termination.LOG).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - the program is the user's choice
                # Without a process title, which Redis writes over the environment, where OWNER is.
                [self._server, "-", "--set-proc-title", "no"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environment(),
                start_new_session=True,  # so that Ctrl-C reaches the emulator alone, which stops the servers in order
                preexec_fn=self._before_exec,  # noqa: PLW1509 - it makes two system calls only
            )
        try:
            (folder / "redis.pid").write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}\n")
            with contextlib.suppress(BrokenPipeError):  # it ended at once, and its log says why
                _send_configuration(process, configuration)
        except BaseException:
            _kill(process)  # at the end of its input, it would run without a password
            raise
        return process

    def configure(self, record: Record, configuration: str) -> None:
        """Do nothing: only the emulator restarts a process, with ``launch``."""

    def delete_snapshot(self, instance_id: int) -> None:
        """Delete the snapshot file. Raises EngineFailed."""
        snapshot = self._folder_of(instance_id) / SNAPSHOT
        try:
            snapshot.unlink(missing_ok=True)
        except OSError as error:
            raise EngineFailed(f"{snapshot} cannot be removed: {error.strerror}") from error

    def freeze(self, instance_id: int) -> None:
        """Send SIGSTOP to the server."""
        self._signal(instance_id, psutil.Process.suspend)

    def thaw(self, instance_id: int) -> None:
        """Send SIGCONT to the server."""
        self._signal(instance_id, psutil.Process.resume)

    def _signal(self, instance_id: int, send: Callable[[psutil.Process], None]) -> None:
        process = self._processes.get(instance_id)
        try:
            send(psutil.Process(process.pid if process else -1))
        except (psutil.Error, ValueError) as error:
            raise EngineFailed("The instance's Redis does not run") from error

    def is_running(self, instance_id: int) -> bool:
        """Return whether the process runs."""
        process = self._processes.get(instance_id)
        return process is not None and process.poll() is None

    def is_own(self, instance_id: int, process_id: int) -> bool:
        """Return whether that is the process, or one that it has started, as a script in place of redis-server would.

        Another Redis may have the port, and even the same password.
        """
        process = self._processes.get(instance_id)
        if process is None or process.pid == process_id:
            return process is not None
        with contextlib.suppress(psutil.Error):
            return process.pid in (parent.pid for parent in psutil.Process(process_id).parents())
        return False

    def log(self, instance_id: int) -> str:
        """Return the last lines that the server wrote."""
        lines = termination.read_log(self._folder_of(instance_id)).strip().splitlines()
        return " / ".join(line.strip() for line in lines[-_LOG_LINES:])

    def stop(self, instance_id: int) -> None:
        """Let the server save and end; kill it when it hangs. Raises EngineFailed if it cannot save: it runs on."""
        self._stop(instance_id, kill=False)

    def _stop(self, instance_id: int, *, kill: bool) -> None:
        with self._lock:
            process = self._processes.pop(instance_id, None)
        if process is None:
            self._terminate_stale(instance_id)
            return
        try:
            self._terminate(instance_id, process.pid, kill=kill)
        except EngineFailed:
            with self._lock:
                self._processes[instance_id] = process
            raise
        process.wait()  # reaps it, as psutil does not
        (self._folder_of(instance_id) / "redis.pid").unlink(missing_ok=True)

    def remove(self, instance_id: int) -> None:
        """Kill the server, since its data is not needed, and delete its folder. Raises EngineFailed."""
        with self._lock:
            process = self._processes.pop(instance_id, None)
        if process is None:
            self._terminate_stale(instance_id)
        else:
            _kill(process)
        try:
            shutil.rmtree(self._folder_of(instance_id))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise EngineFailed(f"{self._folder_of(instance_id)} cannot be removed: {error.strerror}") from error

    def adopt(self, instance_id: int) -> None:
        """End the server: it is not this process's child, so it would not end with it."""
        self._terminate_stale(instance_id)

    def present(self) -> set[int]:
        """Return the ids of the instances that have a folder."""
        with contextlib.suppress(OSError):
            return {int(entry.name) for entry in self._folder.iterdir() if entry.name.isdecimal()}
        return set()

    def close(self) -> None:
        """Stop all servers at once, and kill those that cannot save; delete their folders if the state is not kept."""
        with ThreadPoolExecutor(_MAX_STOPPING) as pool:
            list(pool.map(partial(self._stop, kill=True), list(self._processes)))
        self._guard.close()
        self._starter.shutdown()
        self._ends.close()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _folder_of(self, instance_id: int) -> Path:
        return self._folder / str(instance_id)

    def _terminate_stale(self, instance_id: int) -> None:
        """End a server that an emulator which died has left, unless another process has its id by now.

        The file may also be wrong, or an old copy: only what this emulator's folder and environment are given to ends.
        """
        folder = self._folder_of(instance_id)
        with contextlib.suppress(OSError, ValueError, psutil.Error):  # no file, or no such process
            number, created = (folder / "redis.pid").read_text().split()
            process = psutil.Process(int(number))
            if process.create_time() == float(created) and is_server_of(folder, process):
                self._terminate(instance_id, process.pid, kill=True)

    def _terminate(self, instance_id: int, number: int, *, kill: bool) -> None:
        """Let a server save and end; log it when that fails."""
        if problem := termination.terminate(number, self._folder_of(instance_id), kill=kill):
            warn_of_kill(instance_id, problem)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a server, and the process that saves for it, which would go on for a while."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended just now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
