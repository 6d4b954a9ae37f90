"""``rtgmock requests``: what it shows of the journal, and that it follows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.cli.follow import Follower
from rtgmock.cli.requests import FILTERS
from rtgmock.cli.running import UnreachableError
from rtgmock.web.control.endpoints.requests import FIELDS
from tests.support.command import PROGRAM
from tests.support.main import run_main
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.conftest import Served


def run(api: Served, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_main("requests", *arguments, folder=folder, env={"RTGMOCK_URL": api.url})


def test_the_options_are_the_parameters_of_the_control_api() -> None:
    assert [option.name for option in FILTERS] == list(FIELDS)


def test_a_request_is_shown_with_what_was_wrong(api: Served, tmp_path: Path) -> None:
    api.post("/instances.json", json={"plan": "nano", "colour": "red"})
    api.post("/instances.json", json={"plan": "huge"})
    api.post("/instances.xml", data="plan=huge", headers={"Content-Type": "application/x-www-form-urlencoded"})
    api.get("/instance/1")

    lines = run(api, tmp_path).stdout.splitlines()

    shown = [line.split() for line in lines]
    assert [words[1:3] for words in shown if words[0].count(":") == 2] == [
        ["201", "POST"],
        ["422", "POST"],
        ["422", "POST"],
        ["404", "GET"],
    ]
    assert lines[1].strip() == "ignored: colour"
    assert lines[3].strip().startswith("reason: Plan is not included in the list")
    assert lines[5] == lines[3]
    assert lines[8].strip().startswith("no endpoint takes it; nearest: GET /instances/1")


def test_only_what_matches_is_shown_or_cleared(api: Served, tmp_path: Path) -> None:
    api.get("/instances.json")
    api.get("/instances/7.json")

    found = json.loads(run(api, tmp_path, "--status", "4xx", "--json").stdout)["requests"]
    assert [entry["path"] for entry in found] == ["/instances/7.json"]
    assert run(api, tmp_path, "--clear", "--status", "4xx").stdout == "cleared\n"
    assert "/instances.json" in run(api, tmp_path).stdout
    assert run(api, tmp_path, "--unmatched").stdout == "no request matches\n"
    assert run(api, tmp_path, "--clear").stdout == "cleared\n"
    assert run(api, tmp_path).stdout == "no request has come yet\n"
    assert run(api, tmp_path, "--clear", "--follow").returncode == 2


def test_requests_of_a_client_cannot_control_the_terminal(api: Served, tmp_path: Path) -> None:
    api.get("/instances/%1b[31m")

    assert "\x1b" not in run(api, tmp_path).stdout


def test_a_follower_goes_on_after_a_reset_and_a_restart() -> None:
    answers: list[Any] = [
        {"journal": "a-0", "requests": [{"number": 3}]},
        {"journal": "a-0", "requests": [{"number": 4}]},
        {"journal": "a-1", "requests": []},  # by number, the new requests 1 and 2 are old ones
        {"journal": "a-1", "requests": [{"number": 1}, {"number": 2}]},
        UnreachableError("connection refused"),
        UnreachableError("connection refused"),
        {"journal": "b-0", "requests": []},
        {"journal": "b-0", "requests": [{"number": 1}]},
    ]
    asked: list[dict[str, Any]] = []
    notes: list[str] = []

    def fetch(parameters: dict[str, Any]) -> dict[str, Any]:
        asked.append(parameters)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found

    follower = Follower(fetch, notes.append)
    numbers = [[entry["number"] for entry in follower.entries(10)] for _ in range(6)]

    assert numbers == [[3], [4], [1, 2], [], [], [1]]
    assert asked[:4] == [{"limit": 10}, {"since": 3}, {"since": 4}, {"since": 0}]
    assert asked[4:] == [{"since": 2}] * 3 + [{"since": 0}]
    assert notes == [
        "the emulator was reset; its requests before that are gone",
        "the emulator is gone (connection refused); waiting until it answers again",
        "the emulator answers again; its requests before that are gone",
    ]


def test_following_an_emulator_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = run_main("requests", "--follow", "--url", "http://127.0.0.1:1", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rtgmock: no emulator answers at http://127.0.0.1:1: ")


def test_it_follows_in_a_terminal_until_ctrl_c(api: Served, tmp_path: Path) -> None:
    command = [*PROGRAM, "requests", "--follow", "--url", api.url]
    api.get("/instances/1.json")
    with Terminal(tmp_path, *command) as terminal:
        terminal.await_text("/instances/1.json")
        api.get("/instances/2.json")
        terminal.await_text("/instances/2.json")
        api.emulator.reset()
        api.get("/instances/3.json")
        shown = terminal.await_text("/instances/3.json")
        assert "the emulator was reset" in shown
        terminal.press("\x03")
        assert terminal.wait() == 0


@pytest.mark.parametrize("form", ["--json", "--follow"])
def test_a_reader_that_leaves_ends_it_without_a_word(api: Served, tmp_path: Path, form: str) -> None:
    api.get("/instances/1.json")
    script = f"{' '.join(PROGRAM)} requests --follow {form} --url {api.url} | head -n 1; echo end"
    with Terminal(tmp_path, "sh", "-c", script) as terminal:
        shown = terminal.await_text("end")
        assert shown.count("\n") == 1
        assert "/instances/1.json" in shown
        assert terminal.wait() == 0
