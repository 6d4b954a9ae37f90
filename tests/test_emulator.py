"""The emulator in a process: what its constructor leaves alone, and what start and stop do."""

from __future__ import annotations

import operator
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import requests

from rtgmock.emulator import Emulator
from rtgmock.errors import StartupError
from rtgmock.server.http_server import HttpServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve


def own_threads() -> set[threading.Thread]:
    """The threads of all emulators in this process."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("rtgmock-")}


def is_refused(url: str) -> bool:
    """Whether nothing listens there."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) != 0


# Before the start


def test_an_emulator_that_was_never_started_has_no_threads() -> None:
    before = own_threads()
    emulator = Emulator()

    assert own_threads() - before == set()
    emulator.stop()


def test_the_constructor_opens_no_file_and_no_socket(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        Emulator(state=tmp_path / "rtgmock.json", port=other.getsockname()[1], tls=True, redis="process")

    assert list(tmp_path.iterdir()) == []


def test_the_constructor_refuses_a_wrong_setting() -> None:
    with pytest.raises(ValueError, match="port"):
        Emulator(port=70000)


@pytest.mark.parametrize("name", ["url", "store", "engine", "requests", "certificate"])
def test_what_only_a_started_emulator_has_says_so(name: str) -> None:
    with pytest.raises(RuntimeError, match=r"^the emulator has not been started; call start\(\)"):
        operator.attrgetter(name)(Emulator())


def test_no_instance_can_be_created_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        Emulator().create(plan="nano")


def test_faults_and_clock_can_be_set_before_the_start() -> None:
    emulator = Emulator()
    emulator.fail("GET", "/instances", status=503)
    emulator.clock.set(datetime(2012, 9, 21, tzinfo=UTC))

    with emulator:
        answer = requests.get(f"{emulator.url}/instances", timeout=10)
        created = emulator.create(plan="nano")

    assert answer.status_code == 503
    assert created["created_at"].startswith("2012-09-21T00:00:")


# Start and stop


def test_the_threads_of_a_started_emulator_end_when_it_stops() -> None:
    before = own_threads()
    with Emulator():
        assert len(own_threads() - before) == 1
    assert own_threads() - before == set()


def test_a_start_without_a_stop_before_it_is_refused_in_a_sentence() -> None:
    with Emulator() as emulator:
        with pytest.raises(RuntimeError, match=r"^the emulator is already running; stop it before"):
            emulator.start()
        assert requests.get(f"{emulator.url}/_rtgmock/health", timeout=10).status_code == 200


def test_a_second_stop_does_nothing() -> None:
    emulator = Emulator().start()
    emulator.stop()
    emulator.stop()

    assert is_refused(emulator.url)


def test_a_stop_during_a_stop_returns_and_the_emulator_is_running_until_the_first_one_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping, release = threading.Event(), threading.Event()
    stop = HttpServer.stop

    def slow_stop(server: HttpServer) -> None:
        stopping.set()
        release.wait(10)
        stop(server)

    monkeypatch.setattr(HttpServer, "stop", slow_stop)
    emulator = Emulator().start()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(emulator.stop)
        assert stopping.wait(10)
        emulator.stop()
        with pytest.raises(RuntimeError, match="already running"):
            emulator.start()
        release.set()
        first.result(10)

    assert is_refused(emulator.url)


def test_the_requests_of_the_last_run_can_be_read_after_a_stop() -> None:
    with Emulator() as emulator:
        requests.get(f"{emulator.url}/instances", auth=(emulator.username, emulator.password), timeout=10)

    assert [request.path for request in emulator.requests] == ["/instances"]


def test_a_start_that_failed_can_be_tried_again(tmp_path: Path) -> None:
    emulator = Emulator(state=tmp_path / "rtgmock.json")
    with Emulator(state=tmp_path / "rtgmock.json"), pytest.raises(StartupError, match="in use"):
        emulator.start()

    with emulator:
        assert emulator.create(plan="nano")["id"] == 1


# A start after a stop


def test_an_emulator_that_is_started_again_has_the_instances_of_its_state_file_and_its_port(tmp_path: Path) -> None:
    emulator = Emulator(state=tmp_path / "rtgmock.json").start()
    created, url = emulator.create(plan="nano"), emulator.url
    emulator.stop()
    assert is_refused(url)

    with emulator:
        shown = requests.get(f"{url}/instances/1.json", auth=(emulator.username, emulator.password), timeout=10).json()

    assert (emulator.url, shown["label"]) == (url, created["label"])


def test_an_emulator_in_memory_that_is_started_again_begins_without_instances() -> None:
    emulator = Emulator(random_seed=7).start()
    first, url = emulator.create(plan="nano"), emulator.url
    emulator.stop()

    with emulator:
        assert emulator.url == url
        assert emulator.store.instances() == []
        assert len(emulator.requests) == 0
        assert emulator.create(plan="nano")["password"] == first["password"]


def test_a_stop_removes_faults_and_puts_the_clock_right() -> None:
    emulator = Emulator().start()
    fault = emulator.fail("GET", "/instances", status=503)
    emulator.clock.set(datetime(2012, 9, 21, tzinfo=UTC))
    emulator.clock.freeze()
    emulator.stop()

    with emulator:
        assert emulator.faults.faults() == []
        assert not emulator.clock.frozen
        assert emulator.clock.now().year > 2012
    assert fault.matched == 0


def test_an_emulator_can_be_started_many_times() -> None:
    before = own_threads()
    emulator = Emulator()
    for _ in range(3):
        with emulator:
            assert requests.get(f"{emulator.url}/_rtgmock/health", timeout=10).status_code == 200
    assert own_threads() - before == set()


# Several emulators


def test_two_emulators_in_one_process_are_independent(serve: Serve) -> None:
    one, other = serve(), serve()
    one.create()

    assert one.url != other.url
    assert other.get("/instances.json").json() == []
    assert not other.log or other.log[-1]["path"] == "/instances.json"
    one.emulator.stop()
    assert other.create()["id"] == 1


def test_a_new_state_is_written_once_at_the_start(tmp_path: Path) -> None:
    with Emulator(state=tmp_path / "state.json"):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".state.json.lock", "state.json"]
