"""The emulator in a process: what its constructor leaves alone, and what start and stop do."""

from __future__ import annotations

import threading

from rtgmock.emulator import Emulator


def own_threads() -> set[threading.Thread]:
    """The threads of all emulators in this process."""
    return {thread for thread in threading.enumerate() if thread.name.startswith(("rtgmock-", "waitress-"))}


def test_an_emulator_that_was_never_started_has_no_threads() -> None:
    before = own_threads()
    emulator = Emulator()

    assert own_threads() - before == set()
    emulator.stop()


def test_the_threads_of_a_started_emulator_end_when_it_stops() -> None:
    before = own_threads()
    with Emulator():
        assert len(own_threads() - before) == 1 + 8
    assert own_threads() - before == set()
