"""The options of ``serve``: by option or by variable, and how wrong ones are refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.config import SETTINGS
from tests.support.main import run_main
from tests.support.sentences import assert_well_formed
from tests.support.serve_process import banner_row, call, create

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.serve_process import Start


def test_every_option_may_come_as_a_variable(command: Start, tmp_path: Path) -> None:
    variables = {
        "RTGMOCK_HOST": "localhost",
        "RTGMOCK_STATE": "by-variable.json",
        "RTGMOCK_ACCOUNT": "ann:a1 bob:b:2",
        "RTGMOCK_INSTANCE": "nano@9201 nano:secret@9202",
        "RTGMOCK_API": "2012",
        "RTGMOCK_REDIS": "off",
        "RTGMOCK_REDIS_SERVER": "redis-server",
        "RTGMOCK_REDIS_IMAGE": "redis:7-alpine",
        "RTGMOCK_PORTS": "9101-9102",
        "RTGMOCK_HOSTNAME": "{server}.example.com",
        "RTGMOCK_SERVER_MEMORY": "10MB",
        "RTGMOCK_BOOT_DELAY": "2reads",
        "RTGMOCK_RANDOM_SEED": "7",
        "RTGMOCK_FIXTURE": "fixture.json",
        "RTGMOCK_TLS": "no",
        "RTGMOCK_LOG_FORMAT": "json",
        "RTGMOCK_ALLOW_HOST": "one.example two.example",
    }
    (tmp_path / "fixture.json").write_text("{}")
    by_command = {"RTGMOCK_PORT", "RTGMOCK_READY_FILE"}
    assert {setting.variable for setting in SETTINGS.values()} == variables.keys() | by_command
    server = command(env=variables, by_environment=True)

    assert re.fullmatch(r"http://localhost:\d+", server.url)
    made = [create(server.url, ("ann", "a1")), create(server.url, ("bob", "b:2"))]
    assert [record["port"] for record in made] == [9101, 9102]
    assert made[0]["maxmemory_policy"] == "volatile-lru"
    assert re.fullmatch(r"[a-z]+\.example\.com", made[0]["hostname"])
    full = call("POST", f"{server.url}/instances.json", auth=("ann", "a1"), json={"plan": "small"})
    assert "restart with a larger --server-memory" in full.text
    shown = f"{server.url}/instances/{made[0]['id']}.json"
    reads = [call("GET", shown, auth=("ann", "a1")).json()["status"] for _ in range(2)]
    assert reads == ["starting", "running"]
    for host in ("one.example", "two.example"):
        assert call("GET", f"{server.url}/instances", auth=("ann", "a1"), headers={"Host": host}).status_code == 200
    rows = [row["instance"] for row in call("GET", f"{server.url}/instances.json", auth=("ann", "a1")).json()]
    assert [row["port"] for row in rows] == [9202, 9201, 9101]
    assert json.loads(server.err_lines(1)[0])["path"] == "/instances.json"
    assert (tmp_path / "by-variable.json").exists()
    seeded = command(
        "--state", ":memory:", "--random-seed", "7", "--hostname", "{server}.example.com", "--account", "ann:a1"
    )
    assert [create(seeded.url, ("ann", "a1"))["password"] for _ in range(2)][1] == rows[1]["password"]


def test_an_option_counts_for_more_than_its_variable(command: Start) -> None:
    server = command("--state", ":memory:", "--account", "ann:a1", env={"RTGMOCK_ACCOUNT": "bob:b2"})

    assert banner_row(server, "account") == "ann"
    assert call("GET", f"{server.url}/instances", auth=("bob", "b2")).status_code == 401


def test_every_name_is_let_in_beside_those_that_have_a_password(command: Start) -> None:
    server = command("--state", ":memory:", env={"RTGMOCK_ACCOUNT": "any bob:b2"})

    assert banner_row(server, "account") == "bob, any other name"
    assert "-u bob -d" in banner_row(server, "try it")
    assert [create(server.url, login)["user_id"] for login in (("bob", "b2"), ("ann", "x"))] == [1, 2]
    assert call("GET", f"{server.url}/instances", auth=("bob", "x")).status_code == 401


def test_an_empty_variable_is_as_good_as_none(command: Start, tmp_path: Path) -> None:
    variables = {setting.variable: "" for setting in SETTINGS.values()}
    server = command("--state", ":memory:", env=variables)

    assert banner_row(server, "account") == "username"


@pytest.mark.parametrize("value", ["1", "yes", "TRUE"])
def test_a_variable_turns_tls_on(command: Start, value: str) -> None:
    server = command("--state", "state.json", env={"RTGMOCK_TLS": value})

    assert server.url.startswith("https://")
    assert banner_row(server, "API") == f"{server.url}/instances"
    assert call("GET", banner_row(server, "API"), verify=banner_row(server, "CA")).json() == []


WRONG = [
    ("--host", "a b", "neither a host name nor an IP address"),
    ("--port", "eighty", "write a number from 0 to 65535"),
    ("--port", "65536", "write a number from 0 to 65535"),
    ("--port", "-1", "write a number from 0 to 65535"),
    ("--state", "", "write a path, or :memory: to keep nothing"),
    ("--account", "username", "written as NAME:PASSWORD"),
    ("--account", ":hunter2", "written as NAME:PASSWORD"),
    ("--account", "username:", "written as NAME:PASSWORD"),
    ("--account", "user\nname:hunter2", r"the account 'user\nname' has a"),
    ("--instance", "huge", "'huge' is not a plan; accepted are nano, mini, "),
    ("--instance", "nano:", "the password is empty; an instance is written as nano, nano:secret, "),
    ("--instance", "nano:hunter2@", "what follows the last @ is not a port from 1 to 65535"),
    ("--instance", "nano:pass@hunter2", "what follows the last @ is not a port from 1 to 65535"),
    ("--instance", "nano@0", "what follows the last @ is not a port from 1 to 65535"),
    ("--instance", "nano@65536", "what follows the last @ is not a port from 1 to 65535"),
    ("--instance", "nano:hunter2\t@9001", "the password is invalid: it has a control character"),
    ("--instance", f"nano:{'hunter2' * 50}", "the password is too long (maximum is 255 characters)"),
    ("--api", "2011", "accepted are 2010 and 2012"),
    ("--redis", "valkey", "'valkey' is not an engine; accepted are off, "),
    ("--redis-server", "", "'' is not a name"),
    ("--redis-image", " ", "' ' is not a name"),
    ("--ports", "9999-9001", "write the first and the last port, as 9001-9999"),
    ("--ports", "0-9001", "write the first and the last port, as 9001-9999"),
    ("--ports", "9001-65536", "write the first and the last port, as 9001-9999"),
    ("--ports", "many", "write the first and the last port, as 9001-9999"),
    ("--hostname", "a/b", "neither a host name nor an IP address"),
    ("--server-memory", "lots", "write it as 64GB, 500MB or a number of bytes"),
    ("--server-memory", "0", "write it as 64GB, 500MB or a number of bytes"),
    ("--boot-delay", "soon", "write seconds, as 2.5, or reads, as 3reads"),
    ("--boot-delay", "-1", "write seconds, as 2.5, or reads, as 3reads"),
    ("--random-seed", "1.5", "not a whole number"),
    ("--fixture", "states/", "is not the name of a file"),
    ("--log-format", "xml", "accepted are text and json"),
    ("--allow-host", "a/b", "neither a host name nor an IP address"),
]


def test_every_option_that_can_be_wrong_is_tried() -> None:
    assert {option for option, _, _ in WRONG} == {row.option for row in SETTINGS.values()} - {"--ready-file", "--tls"}


@pytest.mark.parametrize(("option", "value", "accepted"), WRONG)
def test_a_wrong_value_is_refused_with_what_is_accepted(tmp_path: Path, option: str, value: str, accepted: str) -> None:
    refused = run_main("serve", option, value, folder=tmp_path)

    assert refused.returncode == 2
    assert refused.stdout == ""
    message = " ".join(refused.stderr.split())
    assert_well_formed(message)
    assert f"Invalid value for '{option}'" in message
    assert accepted in message
    assert "Traceback" not in message
    assert "hunter2" not in message
    assert list(tmp_path.iterdir()) == []


WRONG_VARIABLES = {option: (value, accepted) for option, value, accepted in reversed(WRONG) if value}
WRONG_VARIABLES |= {"--redis-server": (" ", ""), "--tls": ("maybe", "accepted are 1, true, yes, on, 0, false")}


@pytest.mark.parametrize("option", WRONG_VARIABLES)
def test_a_wrong_variable_is_refused_by_its_name(tmp_path: Path, option: str) -> None:
    [row] = [row for row in SETTINGS.values() if row.option == option]
    value, accepted = WRONG_VARIABLES[option]

    refused = run_main("serve", folder=tmp_path, env={row.variable: value})

    message = " ".join(refused.stderr.split())
    assert refused.returncode == 2
    assert_well_formed(message)
    assert f"Invalid value for '{row.variable}': " in message
    assert accepted in message
    assert option not in message.replace(accepted, "")


@pytest.mark.parametrize(
    ("arguments", "variable", "value"),
    [
        (["exec", "true"], "RTGMOCK_API", "2011"),
        (["ready"], "RTGMOCK_PORT", "abc"),
        (["ready"], "RTGMOCK_URL", "localhost"),
        (["env"], "RTGMOCK_URL", "localhost"),
        (["hosts"], "RTGMOCK_ACCOUNT", "ann"),
        (["openapi"], "RTGMOCK_TLS", "maybe"),
        (["ca"], "RTGMOCK_STATE", "states/"),
    ],
)
def test_each_command_names_the_variable_that_is_wrong(
    tmp_path: Path, arguments: list[str], variable: str, value: str
) -> None:
    refused = run_main(*arguments, folder=tmp_path, env={variable: value})

    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"Invalid value for '{variable}': " in refused.stderr


def test_an_account_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    refused = run_main("serve", "--account", "ann:hunter2", "--account", "ann:hunter3", folder=tmp_path)

    assert refused.returncode == 2
    assert "the account 'ann' is given twice; give each name once" in refused.stderr
    assert "hunter" not in refused.stderr


@pytest.mark.parametrize(
    "arguments", [["serve", "--prot", "1"], ["serve", "extra"], ["sevre"], ["ready", "--wait", "x"]]
)
def test_a_wrong_command_line_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    refused = run_main(*arguments, folder=tmp_path)

    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []
