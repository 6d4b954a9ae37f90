"""Sockets at which something answers, or does not, in place of a Docker engine."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMEOUT = 20.0


@contextlib.contextmanager
def answering(folder: Path, handle: Callable[[socket.socket], object]) -> Iterator[str]:
    """Give the address of a Unix socket; ``handle`` is called with each connection, and closes it by returning."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "sock"))
        listener.listen()
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError), listener.accept()[0] as link:
                    if not ended.is_set():
                        link.settimeout(TIMEOUT)
                        handle(link)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix://{folder}/sock"
        finally:
            ended.set()
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as waker:
                waker.connect(str(folder / "sock"))
            thread.join(TIMEOUT)


@contextlib.contextmanager
def silent(folder: Path) -> Iterator[str]:
    """Give the address of a Unix socket whose connections are accepted by the system, and never answered."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "silent"))
        listener.listen()
        yield f"unix://{folder}/silent"
