"""The end of child processes is told at once, with and without file descriptors for processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rtgmock.engines.process.ends import ChildEnds

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 20.0


@pytest.fixture(params=["descriptor", "refused", "unknown"])
def ends(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChildEnds]:
    if request.param == "refused":

        def refuse(number: int) -> int:
            raise OSError(38, "Function not implemented")

        monkeypatch.setattr(os, "pidfd_open", refuse)
    elif request.param == "unknown":
        monkeypatch.delattr(os, "pidfd_open")
    made = ChildEnds()
    yield made
    made.close()


def child() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_each_end_is_told_once_and_only_its_own(ends: ChildEnds) -> None:
    with child() as one, child() as other:
        told, ended = [], threading.Event()

        def tell(name: str) -> None:
            told.append(name)
            ended.set()

        ends.watch(one, lambda: tell("one"))
        ends.watch(other, lambda: tell("other"))

        one.kill()
        assert ended.wait(DEADLINE)
        assert told == ["one"]
        ended.clear()

        other.kill()
        assert ended.wait(DEADLINE)
        assert told == ["one", "other"]
        assert one.wait() == other.wait() == -9


def test_a_process_that_has_ended_before_is_told_too(ends: ChildEnds) -> None:
    with child() as process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        ended = threading.Event()

        ends.watch(process, ended.set)

        assert ended.wait(DEADLINE)


def test_it_closes_while_children_run_and_leaves_no_descriptor() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    ends = ChildEnds()
    with child() as process:
        ends.watch(process, lambda: None)
        ends.close()
        process.kill()
    ChildEnds().close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
