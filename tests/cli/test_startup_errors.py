"""``serve`` where it cannot start: one line on the standard error, and exit code 1."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from rtgmock.storage.tables import FORMAT
from tests.support.main import refusal
from tests.support.serve_process import banner_row, create

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served
    from tests.support.serve_process import Start


def test_a_port_that_is_taken_is_refused_with_who_has_it(api: Served, tmp_path: Path) -> None:
    port = api.url.rpartition(":")[2]
    said = refusal(tmp_path, "--state", ":memory:", "--port", port)

    assert f"the port {port} on 127.0.0.1 is taken" in said
    assert "--port 0 finds a free one" in said
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in said


def test_a_port_that_is_taken_leaves_the_state_file_free(serve: Serve, tmp_path: Path) -> None:
    port = serve().url.rpartition(":")[2]
    refusal(tmp_path, "--state", "state.json", "--port", port)

    assert serve(state=tmp_path / "state.json").instance_ids() == []


def test_a_host_that_is_not_known_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--state", ":memory:", "--host", "no-such-host.invalid")

    assert "the host no-such-host.invalid is not known here" in said
    assert "--host" in said


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--state", ":memory:", "--host", "192.0.2.1")

    assert "the address 192.0.2.1 is not one of this machine" in said
    assert "--host" in said


def test_a_state_file_in_use_is_refused_with_its_name_and_its_process(command: Start, tmp_path: Path) -> None:
    first = command("--state", "state.json")
    said = refusal(tmp_path, "--state", "state.json")

    assert f"the state file {tmp_path / 'state.json'} is in use by another emulator" in said
    assert f"process {first.process.pid}" in said
    assert "--state FILE" in said
    create(first.url)
    first.kill()
    assert banner_row(command("--state", "state.json"), "state").endswith("(1 instance)")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("not JSON at all", "is not JSON (line 1, column 1)"),
        ('{"rtgmock": {"1": {"format": 1', "is not JSON"),
        ("[1, 2]", "is not a TinyDB file"),
        ('{"_default": {"1": {"name": "ray"}}}', "it was not written by rtgmock"),
        (
            json.dumps({"rtgmock": {"1": {"format": FORMAT + 1}}}),
            f"in version {FORMAT + 1} of its format; this one knows {FORMAT}",
        ),
    ],
)
def test_a_state_file_that_cannot_be_used_is_refused_and_left_as_it_is(
    tmp_path: Path, content: str, problem: str
) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    said = refusal(tmp_path, "--state", str(state))

    assert str(state) in said
    assert problem in said
    assert "--state FILE" in said
    assert state.read_text() == content


def test_a_state_file_in_a_missing_folder_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--state", "not/there/state.json")

    assert f"mkdir -p {tmp_path / 'not' / 'there'}" in said
    assert not (tmp_path / "not").exists()


def test_a_ready_file_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--state", ":memory:", ready_file=tmp_path / "not" / "there")

    assert f"the ready file {tmp_path / 'not' / 'there'} cannot be written" in said


@pytest.mark.parametrize(
    "document",
    [
        {"instances": [{"plan": "nano", "account": []}]},
        {"instances": [{"plan": "nano", "server": {}}]},
        {"instances": [{"plan": "nano", "boot": []}]},
        {"instances": [{"plan": "nano", "id": {}}]},
        {"instances": {"plan": "nano"}},
        {"servers": [{"name": []}]},
        {"accounts": [{"name": {}}]},
        *([], None, False, 0, ""),
    ],
    ids=json.dumps,
)
def test_a_fixture_with_a_value_of_another_type_is_refused_in_one_line(tmp_path: Path, document: object) -> None:
    (tmp_path / "fixture.json").write_text(json.dumps(document))
    said = refusal(tmp_path, "--state", ":memory:", "--fixture", "fixture.json")

    assert "fixture.json" in said
