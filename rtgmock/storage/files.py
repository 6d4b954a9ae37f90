"""What a file is told by, and how files are written so that they survive a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Identity(NamedTuple):
    """What tells a file from another one of the same name."""

    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Identity | None:
        """Return the identity of the file at ``path``; None when there is none. Raises OSError."""
        info = _stat(path)
        return cls.told_by(info) if info else None

    @classmethod
    def of_open(cls, descriptor: int) -> Identity:
        """Return the identity of an open file."""
        return cls.told_by(os.fstat(descriptor))

    @classmethod
    def told_by(cls, info: os.stat_result) -> Identity:
        """Return the identity in what the system tells of a file."""
        return cls(info.st_dev, info.st_ino)


class Version(NamedTuple):
    """What tells the content of a file from an earlier or a later one, as far as that shows without reading it."""

    identity: Identity
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Version | None:
        """Return the version of the file at ``path``; None when there is none. Raises OSError."""
        info = _stat(path)
        return cls.told_by(info) if info else None

    @classmethod
    def told_by(cls, info: os.stat_result) -> Version:
        """Return the version in what the system tells of a file."""
        return cls(Identity.told_by(info), info.st_size, info.st_mtime_ns)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat(follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None


def replace_file(path: Path, content: bytes) -> Version:
    """Put a file with ``content`` in place of the one at ``path``, or leave that as it is. Raises OSError.

    The new content is on disk before it takes the place. The replacement survives a power cut only after
    ``sync_folder``; until then, the file may be the old or the new one, and is complete either way. Returns the
    version of the new one.
    """
    descriptor, name = tempfile.mkstemp(".tmp", f".{path.name}.", path.parent)
    try:
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
            version = Version.told_by(os.fstat(descriptor))  # afterwards, it could fail though the file is in place
        finally:
            os.close(descriptor)
        os.replace(name, path)  # noqa: PTH105 - mkstemp gives a string
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    return version


def write_all(descriptor: int, content: bytes, offset: int = 0) -> None:
    """Write all of ``content``, of which the system may take a part only. Raises OSError."""
    rest = memoryview(content)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can do that. Raises OSError."""
    if os.name == "nt":  # Windows opens no folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder; there is nothing more to do then.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)
