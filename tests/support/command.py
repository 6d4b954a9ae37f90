"""``rtgmock serve`` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 20.0


class Command:
    """Serves in ``folder`` from the moment that it is made; killed when its context ends."""

    def __init__(self, folder: Path, *arguments: str, env: dict[str, str] | None = None, wait: bool = True) -> None:
        self.ready_file = folder / f"ready-{time.monotonic_ns()}"
        self._out = (folder / f"{self.ready_file.name}.out").open("w+")
        self._err = (folder / f"{self.ready_file.name}.err").open("w+")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RTGMOCK_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rtgmock", "serve", "--port", "0", "--ready-file", str(self.ready_file), *arguments],
            cwd=folder,
            env={**inherited, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
        )
        self.url = self._await_url() if wait else ""

    def _await_url(self) -> str:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.ready_file.exists():
                return self.ready_file.read_text().strip()
            time.sleep(0.005)
        raise AssertionError(f"the command did not get ready: {self.err}")

    @property
    def out(self) -> str:
        return self._read(self._out.name)

    @property
    def err(self) -> str:
        return self._read(self._err.name)

    @staticmethod
    def _read(name: str) -> str:
        with open(name) as file:  # noqa: PTH123
            return file.read()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.kill()
        self._out.close()
        self._err.close()
