"""The thread that writes the log: lines in their order, and no wait for a reader."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from rtgmock.cli.log_writer import MAX_SIZE, LogWriter
from tests.support.command import DEADLINE, until

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "x" * 1000


class Log:
    """A log that is written to a pipe, which nobody reads until ``read`` does."""

    def __init__(self) -> None:
        self._reader, self._target = os.pipe()
        self._unread = b""
        self.writer = LogWriter(self._target, "utf-8", lambda count: f"{count} dropped")

    def read(self, last: str) -> list[str]:
        """The lines up to one that ends with ``last``."""
        received, self._unread = self._unread, b""
        while not received.endswith(f"{last}\n".encode()):
            received += os.read(self._reader, 2**16)
        return received.decode().splitlines()

    def read_line(self) -> str:
        """The next line."""
        while b"\n" not in self._unread:
            self._unread += os.read(self._reader, 2**16)
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def close_reader(self) -> None:
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1

    def close(self) -> None:
        self.close_reader()  # ends a write that waits
        self.writer.close()
        os.close(self._target)


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log()
    yield made
    made.close()


def fill(log: Log) -> int:
    """Write lines without a reader until some are dropped; return how many were written."""
    count = 3 * MAX_SIZE // len(LINE)  # a part is in the pipe, or being written
    for number in range(count):
        log.writer.write(f"{number} {LINE}")
    return count


def test_lines_are_written_in_their_order(log: Log) -> None:
    for number in range(1000):
        log.writer.write(f"line {number} é \ud800")

    assert log.read("line 999 é \\ud800") == [f"line {number} é \\ud800" for number in range(1000)]


def test_lines_without_a_reader_are_dropped_and_counted_in_their_place(log: Log) -> None:
    count = fill(log)
    number = kept = 0
    # There may be two places: the writer's thread may take the first lines when some are dropped already.
    while number < count:
        first, text = log.read_line().split(" ", 1)
        if text == "dropped":
            number += int(first)
        else:
            assert (int(first), text) == (number, LINE)
            number, kept = number + 1, kept + len(f"{first} {text}")
    log.writer.write("the next one")

    assert number == count
    assert log.read("the next one") == ["the next one"]
    assert MAX_SIZE < kept < 2.5 * MAX_SIZE


def test_a_line_is_never_waited_for(log: Log) -> None:
    writing = threading.Thread(target=fill, args=(log,))
    writing.start()
    writing.join(DEADLINE)
    assert not writing.is_alive()


def test_the_end_writes_what_is_left(log: Log) -> None:
    log.writer.write("one")
    log.writer.close()
    log.writer.write("two")

    assert log.read("two") == ["one", "two"]


def test_the_end_does_not_wait_for_a_reader(log: Log) -> None:
    def close() -> None:
        fill(log)
        log.writer.close()
        log.writer.write("after the end")

    closing = threading.Thread(target=close)
    closing.start()
    closing.join(DEADLINE)
    assert not closing.is_alive()


def test_the_end_of_the_reader_is_no_error(log: Log) -> None:
    log.close_reader()
    for _ in range(100):
        log.writer.write(LINE)
    log.writer.close()
    assert until(lambda: not any(thread.name == "rtgmock-log" for thread in threading.enumerate()))


def test_a_pipe_that_somebody_has_made_non_blocking_is_written_to(log: Log) -> None:
    os.set_blocking(log._target, False)
    for number in range(500):
        log.writer.write(f"{number} {LINE}")

    assert len(log.read(f"499 {LINE}")) == 500
