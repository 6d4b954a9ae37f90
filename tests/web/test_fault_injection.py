"""Faults on requests: which requests they apply to, and what clients see, through a real socket."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from rtgmock.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve, Served

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_fault_is_in_force_for_a_block_and_counts(api: Served) -> None:
    with api.emulator.fail("POST", "/instances", status=503, times=1) as fault:
        assert api.get("/instances.json").status_code == 200
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 503
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 201
        assert (fault.matched, fault.applied) == (2, 1)

    assert not len(api.emulator.faults)


def test_a_fault_matches_the_overridden_method_of_a_post(api: Served) -> None:
    api.create()
    with api.emulator.fail("DELETE", "/instances/*", status=503) as fault:
        assert api.post("/instances/1.json", data={"_method": "delete"}).status_code == 503
        assert api.post("/instances/1.json", headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 503
        assert api.post("/instances/1.json", data=b"_method=delete&x=\xff", headers=FORM).status_code == 400

    assert fault.applied == 2
    with api.emulator.fail("POST", status=503):
        assert api.post("/instances/1.json", data=b"_method=delete&x=\xff", headers=FORM).status_code == 503


def test_the_control_api_and_the_guard_are_exempt(api: Served) -> None:
    api.emulator.fail(drop=True)

    assert api.get("/_rtgmock/health").status_code == 200
    assert api.get("/_rtgmock/nowhere").status_code == 404
    assert api.get("/instances", headers={"Origin": "https://example.com"}).status_code == 403


def test_a_fault_for_an_account_applies_to_its_requests_alone(serve: Serve) -> None:
    api = serve(accounts=("any", "bob:builder"))
    fault = api.emulator.fail("GET", account="ann", status=503)
    upgrade = api.emulator.fail(account="bob", upgrade=True)

    answers = [api.get("/instances.json", auth=login) for login in (("ann", "x"), ("bob", "builder"), ("eve", "x"))]
    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert api.get("/instances.json", auth=("bob", "x")).status_code == 401
    for name, password in (("ann", "x"), ("bob", "builder")):
        login = (name, password)
        made = api.post("/instances.json", json={"plan": "nano"}, auth=login).json()
        api.put(f"/instances/{made['id']}.json", json={"plan": "mini"}, auth=login)
    assert (fault.applied, fault.matched, upgrade.applied, upgrade.matched) == (1, 1, 1, 1)
    assert [entry.status for entry in api.emulator.requests.of(account="ann")] == [503, 201, 200]


def test_a_mistake_in_python_is_explained(api: Served) -> None:
    keys: Any = {"stauts": 503}
    with pytest.raises(Invalid, match="did you mean status"):
        api.emulator.fail(**keys)


def test_curl_reports_each_fault_by_its_exit_code(api: Served, program: Callable[[str, str], str]) -> None:
    def code(*arguments: str) -> int:
        command = [program("curl", "curl"), "-s", "-o", "/dev/null", "-u", "username:password", *arguments]
        return subprocess.run([*command, f"{api.url}/instances.json"], check=False, timeout=20).returncode

    with api.emulator.fail(drop=True):
        assert code() == 56  # failure in receiving network data
    with api.emulator.fail(truncate="half"):
        assert code() == 18  # only a part of the file was transferred
    with api.emulator.fail(delay=5):
        assert code("-m", "0.2") == 28  # the time was up
    with api.emulator.fail(status=503):
        assert code("-f") == 22  # the server said that it failed


def test_faults_work_over_tls(serve: Serve) -> None:
    api = serve(tls=True)
    api.session.verify = str(api.emulator.certificate)
    api.create()

    with api.emulator.fail("GET", drop="before"), pytest.raises(requests.ConnectionError) as dropped:
        api.get("/instances")
    with api.emulator.fail("GET", truncate="half"), pytest.raises(requests.RequestException, match="IncompleteRead"):
        api.get("/instances")
    with api.emulator.fail("GET", delay=0.2) as fault:
        begun = time.monotonic()
        assert api.get("/instances").status_code == 200
        assert time.monotonic() - begun > 0.2

    assert not isinstance(dropped.value, requests.exceptions.SSLError)
    assert fault.applied == 1
