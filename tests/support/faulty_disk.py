"""A disk of which any single system call can fail: each call on the files of one folder is counted."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

CODES = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE)
SHORT, FULL = -1, -2
"""In place of an error's code: a write takes a part of what it is given; after ``FULL`` the disk is full."""
FAILURES = (*CODES, SHORT, FULL)
WRITES = ("write", "pwrite")
CALLS = (
    *WRITES,
    *("open", "stat", "lstat", "fstat", "fsync", "fdatasync", "ftruncate", "replace", "rename", "unlink", "remove"),
    *("mkdir", "rmdir", "listdir", "scandir", "close", "chmod"),
)
"""The functions of ``os`` that fail. What Python's file objects do is led through them."""
_MAX_CALLS = 200


@dataclass
class Fault:
    """The call that fails: the one of that number, beginning with 0, from now on."""

    number: int
    code: int
    calls: list[str] = field(default_factory=list)
    """The calls until now."""
    failed: str = ""
    """The call that failed."""
    is_full: bool = False
    """Whether a short write has taken what there was room for."""

    def strike(self, name: str) -> bool:
        """Count a call, and return whether it is the one to fail."""
        self.calls.append(name)
        if self.is_full and name in WRITES:
            self.is_full = False
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if len(self.calls) - 1 != self.number or (self.code < 0 and name not in WRITES):
            return False
        self.failed = name
        if self.code > 0 and name != "close":
            raise OSError(self.code, os.strerror(self.code))
        self.is_full = self.code == FULL
        return True


class FaultyDisk:
    """Lets single system calls on the files in ``folder`` fail, in this process."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = str(folder)
        self._fault: Fault | None = None
        for name in CALLS:
            monkeypatch.setattr(os, name, partial(self._call, name, getattr(os, name)))
        self._open_file = io.open
        monkeypatch.setattr(io, "open", self._open)

    def each_call(self, code: int) -> Iterator[AbstractContextManager[Fault]]:
        """Give a block for each call of what is done in it, which fails there; and one in which none fails.

        What is done must be the same each time. ``code`` is one of ``FAILURES``.
        """
        for number in range(_MAX_CALLS):
            fault = Fault(number, code)
            yield self._failing(fault)
            if number >= len(fault.calls):
                return
        raise AssertionError("what is done in the block has no end")

    def failing(self, number: int, code: int) -> AbstractContextManager[Fault]:
        """Let the call of that number fail during the block, with one of ``FAILURES``."""
        return self._failing(Fault(number, code))

    @contextlib.contextmanager
    def _failing(self, fault: Fault) -> Iterator[Fault]:
        self._fault = fault
        try:
            yield fault
        finally:
            self._fault = None

    def _call(self, name: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        fault = self._fault
        if fault is None or not self._is_ours(arguments, options):
            return function(*arguments, **options)
        if not fault.strike(name):
            return function(*arguments, **options)
        if name in WRITES:
            descriptor, content, *offset = arguments
            return function(descriptor, content[: len(content) // 2], *offset)
        function(*arguments, **options)  # an error that is told by close(2) doesn't keep the descriptor open
        raise OSError(fault.code, os.strerror(fault.code))

    def _is_ours(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
        if not arguments:
            return False
        first, folder = arguments[0], options.get("dir_fd")
        if isinstance(first, int):
            return self._place(first).startswith(self._folder)
        path = os.path.join(self._place(folder) if folder is not None else "", os.fsdecode(first))  # noqa: PTH118
        return path.startswith(self._folder)

    @staticmethod
    def _place(descriptor: int) -> str:
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        return ""

    def _open(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        """Open a file whose writes are calls of ``os.write``."""
        if self._fault is None or isinstance(file, int) or not str(file).startswith(self._folder):
            return self._open_file(file, mode, *arguments, **options)
        self._fault.strike("open")
        if "w" not in mode:
            return self._open_file(file, mode, *arguments, **options)
        buffered = io.BufferedWriter(_WatchedFile(file, "w"))
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")


class _WatchedFile(io.FileIO):
    """A file that is written by ``os.write``."""

    def write(self, content: Any) -> int:
        return os.write(self.fileno(), bytes(content))
