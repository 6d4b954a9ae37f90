"""README and .github are true: tables match the code, links lead somewhere, and examples run as written."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
import requests

from rtgmock import child_environment
from rtgmock.cli.output import banner
from rtgmock.engines.redis.binaries import Server
from rtgmock.web.control.endpoints import ENDPOINTS
from tests.support import netns
from tests.support.command import environment as cleaned
from tests.support.documents import DOCUMENTS, README, ROOT, blocks, document, example, section
from tests.support.requirements import skip_or_fail
from tests.support.scratch import run_pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve, Served

APP = """
const options = {method: "POST", auth: "username:password", headers: {"Content-Type": "application/json"}};
require("https").request("https://redistogo.com/instances.json", options, (answer) =>
  answer.setEncoding("utf8").on("data", (text) => console.log("made", JSON.parse(text).id))).end('{"plan": "nano"}');
"""
ADDRESS = "127.0.0.1:8080"
CONTROL = document("CONTROL.md")
BUILT = document("CONTRIBUTING.md")


def run(arguments: list[str], text: str, api: Served) -> str:
    """Run an interpreter on an example, with the emulator's address in it, and return what it prints."""
    script = text.replace(ADDRESS, api.url.removeprefix("http://"))
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        arguments, input=script, capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tables_are_generated_from_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-I", ".", *DOCUMENTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}; correct it with: nox -s docs"


def test_the_faults_in_curl(api: Served, program: Callable[[str, str], str]) -> None:
    program("curl", "curl")
    printed = run(["sh", "-e"], blocks("sh", "Control, faults, journal")[1].replace("curl", "curl -qsS"), api)

    answers = [json.loads(line)["faults"] for line in printed.splitlines()]
    assert [[fault["id"] for fault in faults] for faults in answers] == [[1], [2], [3, 4], [1, 2, 3, 4], []]


def test_the_fault_in_python(api: Served) -> None:
    def deploy() -> None:
        with contextlib.suppress(requests.ConnectionError):
            api.create()
        api.create()

    exec(
        example("python", "Faults", CONTROL), {"emulator": api.emulator, "deploy": deploy}
    )  # its assertions are a part of the test

    assert len(api.get("/instances.json").json()) == 2


def test_the_example_in_curl(api: Served, program: Callable[[str, str], str]) -> None:
    program("curl", "curl")
    made, listed = run(["sh", "-e"], blocks("sh", "Quick start")[1].replace("curl", "curl -qsS"), api).split("}[", 1)

    assert json.loads(made + "}")["plan"] == "nano"
    assert json.loads("[" + listed)[0]["instance"]["plan"] == "nano"


def test_the_example_in_ruby(api: Served, program: Callable[[str, str], str]) -> None:
    ruby = program("ruby", "ruby")
    if subprocess.run([ruby, "-e", "require 'rest-client'"], capture_output=True, timeout=60, check=False).returncode:
        skip_or_fail("ruby", "Ruby's rest-client is not installed")
    api.create()

    assert json.loads(run([ruby], example("ruby", "Quick start"), api))[0]["instance"]["id"] == 1


def test_the_suite_in_python(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(example("ini", "pytest"))
    (tmp_path / "test_instances.py").write_text(example("python", "pytest"))

    done = run_pytest(tmp_path, autoload=True)

    assert (done.code, done.counts) == (0, {"passed": 1}), done.out


def test_the_first_app_prints_that_its_redis_answers(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    program("redis", "redis-server")
    install, run_app = blocks("sh", "")[0].splitlines()

    done = run_installed(run_app, tmp_path)

    assert install.startswith("python3 -m venv .venv && ")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_the_first_test_has_a_redis(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    program("redis", "redis-server")
    (tmp_path / "test_visits.py").write_text(blocks("python", "")[0])

    done = run_pytest(tmp_path, autoload=True)

    assert (done.code, done.counts) == (0, {"passed": 1}), done.out


def installed(folder: Path) -> dict[str, str]:
    """Return an environment with ``rtgmock`` and this ``python`` on PATH, where they are in ``folder``."""
    (folder / "rtgmock").write_text(f'#!/bin/sh\nexec {sys.executable} -m rtgmock "$@"\n')
    (folder / "rtgmock").chmod(0o755)
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)
    return cleaned(PATH=f"{folder}:{os.environ['PATH']}", RTGMOCK_REDIS="")


def run_installed(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script in ``folder`` with ``rtgmock`` on PATH."""
    return subprocess.run(
        ["sh", "-e"],
        input=script,
        cwd=folder,
        env=installed(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("unset", ["", "env -u REDIS_URL ", "env -u REDISTOGO_URL "])
def test_the_old_app(tmp_path: Path, program: Callable[[str, str], str], unset: str) -> None:
    program("redis", "redis-server")
    ruby = program("ruby", "ruby")
    if subprocess.run([ruby, "-e", "require 'redis'"], capture_output=True, timeout=60, check=False).returncode:
        skip_or_fail("ruby", "Ruby's redis is not installed")
    (tmp_path / "app.rb").write_text(example("ruby", "Any language"))

    done = run_installed(example("sh", "Any language").replace("-- ", f"-- {unset}"), tmp_path)

    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_a_client_of_the_service_runs_unchanged_with_the_emulator_as_its_proxy(
    tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    program("curl", "curl")

    done = run_installed(blocks("sh", "HTTPS and fixed hosts")[0].replace("curl", "curl -qsS"), tmp_path)

    assert (done.returncode, done.stdout) == (0, "[]"), done.stderr


def test_clients_of_the_service_run_unchanged_where_its_name_leads_to_the_emulator(
    tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    program("curl", "curl")
    program("node", "node")
    (tmp_path / "app.js").write_text(APP)
    (tmp_path / "hosts").write_text("127.0.0.1 localhost redistogo.com\n")
    serve, *clients = blocks("sh", "HTTPS and fixed hosts")[1].splitlines()
    lines = [
        f"{serve} >banner 2>log &",
        "rtgmock ready --wait 20 https://redistogo.com",
        *(line.replace("curl", "curl -qsS") for line in clients),
        "kill $!",
        "wait $!",
    ]

    done = netns.run(["sh", "-ec", "\n".join(lines)], tmp_path / "hosts", tmp_path, installed(tmp_path))

    assert (done.returncode, done.stdout) == (0, "made 1\n" + done.stdout.removeprefix("made 1\n")), done.stderr
    assert [item["instance"]["id"] for item in json.loads(done.stdout.removeprefix("made 1\n"))] == [1]


def test_a_client_of_the_service_without_tls_runs_unchanged(
    serve: Serve, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    text = section("HTTPS and fixed hosts")
    [host] = re.findall(r"`--allow-host (\S+)`", text)
    [variable] = re.findall(r"`(http_proxy=\S+)`", text)
    curl = f"curl -qsS -u username:password http://{host}/instances.json"

    assert run(["sh", "-e"], f"{variable} {curl}", serve(allow_hosts=[host])) == "[]"


def test_the_control_in_curl(api: Served, program: Callable[[str, str], str]) -> None:
    program("curl", "curl")
    api.create()
    emptied, moved = run(
        ["sh", "-e"], blocks("sh", "Control, faults, journal")[0].replace("curl", "curl -qsS"), api
    ).splitlines()

    assert json.loads(emptied)["instances"] == []
    assert json.loads(moved) == {"now": "2010-12-20T01:35:22Z", "frozen": False}


def test_the_state_by_hand(api: Served) -> None:
    answer = api.put("/_rtgmock/state", json=json.loads(example("json", "Clock, reset and state", CONTROL)))

    assert answer.status_code == 200, answer.text
    assert [row["instance"]["status"] for row in api.get("/instances.json").json()] == ["running", "failed"]


def test_every_fixture_and_variable_is_listed(api: Served) -> None:
    plugin = (ROOT / "rtgmock" / "pytest_plugin.py").read_text(encoding="utf-8")
    fixtures = re.findall(r"@pytest\.fixture.*\ndef ([a-z]\w+)", plugin)
    variables = child_environment.of_emulator(api.emulator) | child_environment.of_instance("redis://127.0.0.1:9001/")

    assert "rtgmock" in fixtures
    assert not [name for name in (*fixtures, *variables) if f"`{name}`" not in README]


def test_the_journal_in_curl(api: Served, program: Callable[[str, str], str]) -> None:
    program("curl", "curl")
    api.get("/instance")
    api.create()
    shown, emptied = run(
        ["sh", "-e"], example("sh", "The journal", CONTROL).replace("curl", "curl -qsS"), api
    ).splitlines()

    assert [entry["nearest"][0] for entry in json.loads(shown)["requests"]] == ["GET /instances"]
    assert json.loads(emptied) == {"requests": [], "dropped": 0}
    assert len(api.emulator.requests) == 0


def test_the_journal_in_python(api: Served) -> None:
    api.create()

    exec(example("python", "The journal", CONTROL), {"emulator": api.emulator})  # its assertions are the test


def test_a_failed_assertion_prints_what_is_shown(api: Served) -> None:
    api.create()
    api.get("/instance/1")
    api.put("/instances/1.json", json={"plan": "mini"})
    with pytest.raises(AssertionError) as failed:
        api.emulator.requests.assert_received("PUT", "/instances/1.json", json={"plan": "small"})

    assert str(failed.value) == CONTROL.partition("requests that were received:\n\n```\n")[2].partition("\n```")[0]


def test_the_banner_is_as_shown(api: Served) -> None:
    shown = README.partition("```\nrtgmock ")[2].partition("```")[0]
    printed = banner(api.emulator).removeprefix("rtgmock ").replace(api.url, f"http://{ADDRESS}")
    state = "/home/you/rtgmock/.rtgmock/state.json"
    redis = f"process: {Server('valkey-server', '9.1.2', is_bundled=True)}, data in {state}.redis"
    expected = printed.replace("in memory only", state).replace(api.emulator.engine.description, redis)

    assert shown.strip() == expected


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_or_heading_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", DOCUMENTS[name])
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)

    assert not broken


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a document."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_section_is_in_the_table_of_contents_in_order() -> None:
    listed = re.findall(r"\[([^]]+)\]\(#", section("").partition("| you have |")[0])

    assert listed == re.findall(r"^## (.+)$", README, re.MULTILINE)


@pytest.mark.parametrize("folder", ["fixtures/exchanges", "rtgmock/fixtures"])
def test_every_folder_of_fixtures_is_mentioned_and_exists(folder: str) -> None:
    assert any(f"`{folder}`" in text for text in DOCUMENTS.values())
    assert any((ROOT / folder).iterdir())


def test_every_endpoint_of_the_control_api_is_listed() -> None:
    paths = {endpoint.path.removeprefix("/").replace("{id}", ":id") for endpoint in ENDPOINTS}

    assert {"reset", "state"} <= paths
    assert not [path for path in paths if not re.search(rf"[` /]{path.removesuffix('/:id')}`", README)]


def test_the_nox_sessions_that_are_named_exist() -> None:
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"nox -s (\w+)", "".join(DOCUMENTS.values()))

    assert named
    assert set(named) <= set(sessions)


def test_ci_runs_the_test_command_that_is_shown() -> None:
    extract = "sed -n '/<!-- tests -->/,/^```$/p' README.md | grep -v '^```\\|<!--'"
    command = subprocess.run(["sh", "-c", extract], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert extract in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command.stdout.strip() == example("sh", "How it is built").strip()


def test_the_picture_of_the_packages_is_the_contract_that_imports_are_checked_by() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in project["tool"]["importlinter"]["contracts"] if c["containers"] == ["rtgmock"])
    *rows, ground = example("", "How rtgmock is built", BUILT).splitlines()
    floors: list[list[str]] = []
    for row in rows:
        if row[:2].strip():  # the number of a floor; its other packages have none
            floors.append([])
        floors[-1].append(row.split()[0 if row.startswith("    ") else 1])
    floors.append(ground.split()[1:])

    assert floors == [re.split(r" [|:] ", layer) for layer in contract["layers"]]


@pytest.mark.parametrize("path", re.findall(r"`((?:\w+/)+\w*(?:\.py)?)`", BUILT))
def test_the_modules_that_the_architecture_names_exist(path: str) -> None:
    found = [
        place / f"{path.removesuffix('.py')}{ending}" for place in (ROOT, ROOT / "rtgmock") for ending in ("", ".py")
    ]

    assert any(place.exists() for place in found)
