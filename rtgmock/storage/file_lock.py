"""The lock file beside a state file, by which only one emulator at a time has it open."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
from typing import TYPE_CHECKING

import filelock

from rtgmock.errors import StartupError
from rtgmock.folders import make_default
from rtgmock.processes import is_containerized
from rtgmock.storage.files import Identity

if TYPE_CHECKING:
    from pathlib import Path


class StateFileLock:
    """An exclusive lock on a state file. The operating system releases it when the process dies."""

    def __init__(self, state_file: Path, lock_file: Path) -> None:
        self._state_file, self._lock_file = state_file, lock_file
        self._identity: Identity | None = None
        # The thread that closes an emulator is not always the one that opened it, so the lock is not the thread's.
        self._lock = filelock.FileLock(lock_file, blocking=False, mode=0o600, thread_local=False)

    @property
    def is_held(self) -> bool:
        """Whether this process holds the lock."""
        return self._lock.is_locked

    def is_ours(self) -> bool:
        """Return whether the lock file is still the locked one: when it is removed, others can lock a new one.

        Raises OSError.
        """
        return self.is_held and Identity.of(self._lock_file) == self._identity

    def acquire(self) -> None:
        """Take the lock. Raises StartupError when another emulator has it, or the folder cannot be used."""
        folder = self._state_file.parent
        try:
            make_default(folder)
            _check_folder(folder)
            self._lock.acquire()
            self._identity = Identity.of(self._lock_file)
        except filelock.Timeout as error:
            if problem := self._creation_problem():
                raise self._unusable(problem) from error
            raise StartupError(
                f"the state file {self._state_file} is in use by another emulator{self._holder()}; "
                "stop that one, or start with another file: --state FILE"
            ) from error
        except OSError as error:
            self._lock.release()
            raise self._unusable(error) from error
        # The number only helps the user of an emulator that is refused; without it the lock works as well.
        with contextlib.suppress(OSError):
            self._write_number()

    def _creation_problem(self) -> OSError | None:
        """Return why the lock file cannot be created; None if it can, or is there.

        Where no file can be, as in /proc, filelock takes it for one that others remove all the time.
        """
        try:
            os.close(os.open(self._lock_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return None
        except OSError as error:
            return error
        return None

    def _unusable(self, error: OSError) -> StartupError:
        folder = self._lock_file.parent
        is_lock = os.path.lexists(self._lock_file)
        problem = f"lock file {self._lock_file} cannot be used" if is_lock else f"folder {folder} cannot be written"
        remedy = f"{_other_user(folder, error)}start with a file elsewhere: --state FILE"
        return StartupError(f"the {problem}: {error.strerror}; {remedy}")

    def _write_number(self) -> None:
        with open(self._lock_file, "w", encoding="ascii", opener=_open_no_link) as file:
            file.write(f"{os.getpid()}\n")

    def _holder(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            return f" (process {int(self._lock_file.read_text(encoding='ascii'))})"
        return ""

    def release(self) -> None:
        """Give the lock back, if this process holds it."""
        self._lock.release()


def _open_no_link(path: str, flags: int) -> int:
    """Open a file that is there; a symbolic link in its place could lead to any file of the user."""
    return os.open(path, flags & ~os.O_CREAT | os.O_NOFOLLOW)


def _other_user(folder: Path, error: OSError) -> str:
    """Return, before another remedy, how a container is run as the owner of a folder that only that user may write."""
    if error.errno != errno.EACCES or not is_containerized():
        return ""
    try:
        info = folder.stat()
    except OSError:  # it may be in a folder that may not be entered
        return ""
    if info.st_uid == os.geteuid() or not info.st_mode & stat.S_IWUSR:
        return ""
    return f"run the container as its owner, docker run --user {info.st_uid}:{info.st_gid}, or "


def _check_folder(folder: Path) -> None:
    """Raise StartupError when a state file cannot be in a folder, OSError when the folder cannot be reached."""
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
    except FileNotFoundError:
        command = f"mkdir -p {shlex.quote(str(folder))}"
        raise StartupError(f"the state file's folder {folder} does not exist; create it with: {command}") from None
    if not is_folder:
        raise StartupError(f"{folder} is a file, and the state file cannot be in it; name another: --state FILE")
