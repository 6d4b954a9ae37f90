"""The pytest plugin: its fixtures here and in suites that another pytest runs; and unittest, which needs no plugin."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.command import DEADLINE, environment
from tests.support.ports import free_ports
from tests.support.scratch import call_pytest, run_pytest, write_modules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtgmock import Emulator
    from rtgmock.pytest_plugin import EmulatorFactory


# The fixtures, which this suite has as well


def test_the_plugin_is_there_once_rtgmock_is_installed() -> None:
    [entry] = importlib.metadata.entry_points(group="pytest11", name="rtgmock")

    assert entry.value == "rtgmock.pytest_plugin"


def test_the_emulator_serves_and_is_empty(rtgmock: Emulator) -> None:
    assert rtgmock.create(plan="nano")["id"] == 1
    assert rtgmock.config.state is None


def test_a_factory_starts_emulators_that_know_nothing_of_each_other(
    rtgmock: Emulator, rtgmock_factory: EmulatorFactory
) -> None:
    one, other = rtgmock_factory(), rtgmock_factory(api=2012, accounts=["ann:a1"])
    made = one.create(plan="mini")

    assert len({emulator.url for emulator in (rtgmock, one, other)}) == 3
    assert "config_command" not in made
    assert "config_command" in other.create(plan="nano")
    assert (other.username, other.password) == ("ann", "a1")
    assert not rtgmock.store.instances()


def test_the_environment_has_the_emulator_and_an_instance(
    rtgmock: Emulator, rtgmock_environ: dict[str, str], redistogo_url: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"],
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    told = json.loads(done.stdout)

    assert told["RTGMOCK_URL"] == rtgmock_environ["RTGMOCK_URL"] == rtgmock.url
    assert told["REDISTOGO_API_URL"] == rtgmock.url.replace("//", "//username:password@")
    assert told["REDISTOGO_URL"] == told["REDIS_URL"] == redistogo_url
    assert redistogo_url.startswith("redis://redistogo:")
    assert [record["plan"] for record in rtgmock.store.instances()] == ["nano"]


# In suites that another pytest runs


def test_nothing_but_the_plugin_is_imported_at_the_start(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        conftest="""
            import sys

            def pytest_collection_finish(session):
                ours = {name for name in sys.modules if name.partition(".")[0] == "rtgmock"}
                theirs = {"click", "docker", "flask", "orjson", "psutil", "redis", "requests", "tinydb", "httptools"}
                print("ours:", *sorted(ours), "theirs:", *(theirs & set(sys.modules)), "end")
        """,
        test_one="def test_nothing():\n    pass\n",
    )

    done = run_pytest(tmp_path, "-s", env={"PYTEST_PLUGINS": "rtgmock.pytest_plugin"})

    assert "ours: rtgmock rtgmock.pytest_plugin rtgmock.version theirs: end" in done.out


def test_two_hundred_tests_on_two_workers_with_an_emulator_each_see_nothing_of_each_other(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        test_many="""
            import base64, json, pathlib, urllib.request
            import pytest

            def call(emulator, method, path, data=None):
                login = base64.b64encode(f"{emulator.username}:{emulator.password}".encode()).decode()
                headers = {"Authorization": f"Basic {login}"}
                request = urllib.request.Request(emulator.url + path, data, headers, method=method)
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
                    return json.loads(answer.read() or b"null")

            @pytest.mark.parametrize("number", range(200))
            def test_an_instance_is_the_only_one(rtgmock, worker_id, number):
                with pathlib.Path(worker_id).open("a") as file:
                    print(rtgmock.url, file=file)
                assert call(rtgmock, "GET", "/instances.json") == []
                made = call(rtgmock, "POST", "/instances.json", b"plan=nano")
                assert (made["id"], made["port"]) == (1, 9001)
                assert len(call(rtgmock, "GET", "/instances.json")) == 1
                if number % 2:
                    call(rtgmock, "DELETE", "/instances/1.json")
        """,
    )

    done = run_pytest(tmp_path, "-n", "2")

    assert (done.code, done.counts) == (0, {"passed": 200}), done.out
    served = {worker: set((tmp_path / worker).read_text().split()) for worker in ("gw0", "gw1")}
    assert [len(urls) for urls in served.values()] == [1, 1]
    assert served["gw0"] != served["gw1"]


def test_time_is_reset_between_tests_as_well(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        test_time="""
            import datetime, pytest

            @pytest.mark.parametrize("number", [1, 2])
            def test_time(rtgmock, number):
                assert rtgmock.clock.now() - datetime.datetime.now(datetime.UTC) < datetime.timedelta(days=1)
                rtgmock.advance(7 * 86400)
        """,
    )

    assert call_pytest(tmp_path).counts == {"passed": 2}


def test_workers_with_real_redis_servers_do_not_take_each_others_ports(
    tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    program("redis", "redis-server")
    ports = free_ports(4)
    write_modules(
        tmp_path,
        test_many="""
            import pathlib, pytest, redis

            @pytest.mark.parametrize("number", range(8))
            def test_it_works(rtgmock, worker_id, number):
                made = rtgmock.create(plan="nano")
                with redis.Redis.from_url(made["url"]) as client:
                    assert client.dbsize() == 0
                    client.set("fish", number)
                with pathlib.Path(worker_id).open("a") as file:
                    print(made["port"], file=file)
        """,
    )

    done = run_pytest(tmp_path, "-n", "2", f"--rtgmock-options=--redis process --ports {ports[0]}-{ports[-1]}")

    taken = [set((tmp_path / worker).read_text().split()) for worker in ("gw0", "gw1")]
    assert done.counts == {"passed": 8}, done.out
    assert taken == [{str(ports[0])}, {str(ports[1])}]


def test_a_test_that_fails_shows_what_the_emulator_was_asked(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        test_failing="""
            import urllib.error, urllib.request, pytest

            def ask(url):
                client = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                with pytest.raises(urllib.error.HTTPError):
                    client.open(url)

            def test_right(rtgmock):
                ask(f"{rtgmock.url}/right")

            def test_wrong(rtgmock):
                ask(f"{rtgmock.url}/instance.json")
                assert False

            def test_silent(rtgmock):
                assert False
        """,
    )

    done = call_pytest(tmp_path)

    assert done.counts == {"failed": 2, "passed": 1}
    assert done.out.count("- rtgmock requests -") == 1
    assert re.search(r"GET +/instance.json +404 .* did you mean .*/instances", done.out)
    assert "/right" not in done.out


def test_the_fixtures_say_what_they_are_for(tmp_path: Path) -> None:
    write_modules(tmp_path, test_other="def test_other():\n    pass\n")

    shown = call_pytest(tmp_path, "--fixtures").out.partition("rtgmock.pytest_plugin")[2]

    for name in ("rtgmock", "rtgmock_factory", "rtgmock_settings", "rtgmock_environ", "redistogo_url"):
        assert f"\n{name} " in shown
    assert "no docstring available" not in shown.partition("\n---")[0]


def test_a_unittest_needs_no_plugin(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        test_instances="""
            import unittest
            import rtgmock

            class InstancesTest(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.emulator = cls.enterClassContext(rtgmock.Emulator())

                def setUp(self):
                    self.emulator.reset()

                def test_one(self):
                    self.assertEqual(self.emulator.create(plan="nano")["id"], 1)

                def test_other(self):
                    self.assertEqual(self.emulator.create(plan="mini")["id"], 1)
        """,
    )

    done = subprocess.run(
        [sys.executable, "-m", "unittest", "-v"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr
