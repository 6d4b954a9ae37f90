"""The ready file: where ``serve`` writes its URL, and ``ready`` reads it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def ready_file(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Give a function that writes the URL to the ready file; the file does not exist before that and after the block.

    The file appears with its whole content or not at all. Raises StartupError if it cannot be written.
    """
    if path is None:
        yield lambda _: None
        return
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.ExitStack() as stack:
        stack.callback(_remove, path, part)
        with _startup_errors(path):
            path.unlink(missing_ok=True)
            # Now, so that a folder that is not writable is reported before anything is served.
            file = stack.enter_context(_create(part))

        def announce(url: str) -> None:
            with _startup_errors(path):
                file.write(f"{url}\n")
                file.flush()
                part.replace(path)

        yield announce


def _create(path: Path) -> TextIO:
    """Create a file. In a folder that others may write as well, what has its name may be a link to a file of ours."""
    path.unlink(missing_ok=True)  # the remains of a process of the same number
    return path.open("x", encoding="utf-8")


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _startup_errors(path: Path) -> Iterator[None]:
    """Turn an OSError into a StartupError that names the ready file."""
    try:
        yield
    except OSError as error:
        raise StartupError(f"the ready file {path} cannot be written: {error.strerror}; name another one") from error


def read_ready_file() -> str:
    """Return the URL in the file that RTGMOCK_READY_FILE names, or an empty string while there is none."""
    with contextlib.suppress(OSError, UnicodeError):
        return Path(os.environ.get("RTGMOCK_READY_FILE", "")).read_text(encoding="utf-8").strip()
    return ""
