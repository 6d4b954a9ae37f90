"""An attack by many clients of one kind, in a process of its own.

That is this module as a program: ``python -m tests.support.attack KIND PORT COUNT``. It prints a line when all clients
have sent what they send first. They go on until its standard input is closed; then it prints how many connections the
server has ended. A client whose connection has ended opens another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import subprocess
import sys
import time
from typing import Self
from urllib.parse import urlsplit

from tests.support.attackers import KINDS, Attacker
from tests.support.command import DEADLINE, allow_open_files

_READY = "ready"
_RETRY_SECONDS = 0.2
_AT_ONCE = 100
"""Clients that begin at the same time."""


class Attack:
    """Attackers of one kind in a process of their own, from its start to the end of its context."""

    def __init__(self, kind: str, url: str, count: int) -> None:
        command = [sys.executable, "-m", "tests.support.attack", kind, str(urlsplit(url).port), str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._ready_since: float | None = None
        self.ended = 0
        """The connections that the server has ended; known at the end."""

    def is_at_work_for(self, seconds: float) -> bool:
        """Return whether all attackers have been at work for so long. Does not wait."""
        assert self._process.stdout
        if self._ready_since is None and select.select([self._process.stdout], [], [], 0)[0]:
            assert self._process.stdout.readline() == f"{_READY}\n", f"the attackers ended with {self._process.wait()}"
            self._ready_since = time.monotonic()
        return self._ready_since is not None and time.monotonic() - self._ready_since >= seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            out, _ = self._process.communicate("", timeout=DEADLINE)
            self.ended = int(out.split()[-1])
        finally:
            self._process.kill()
            self._process.wait()


class Crowd:
    """Many attackers of one kind."""

    def __init__(self, kind: str, port: int, count: int) -> None:
        self._kind = KINDS[kind]
        self._port = port
        self._count = count
        self._ended = 0
        self._ready: set[int] = set()
        self._all_ready = asyncio.Event()
        self._beginning = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Attack until the standard input ends."""
        clients = [asyncio.create_task(self._one(number)) for number in range(self._count)]
        await self._all_ready.wait()
        print(_READY, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        ended = self._ended
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        print(ended, flush=True)

    async def _one(self, number: int) -> None:
        await self._beginning.acquire()
        attacker = Attacker(self._port, number, lambda: self._is_ready(number))
        while True:
            with contextlib.suppress(OSError):
                try:
                    await self._kind(attacker)
                finally:
                    attacker.connected.close()
            self._ended += 1
            await asyncio.sleep(_RETRY_SECONDS)

    def _is_ready(self, number: int) -> None:
        if number not in self._ready:
            self._ready.add(number)
            self._beginning.release()
        if len(self._ready) == self._count:
            self._all_ready.set()


if __name__ == "__main__":
    allow_open_files(10_000)
    asyncio.run(Crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run())
