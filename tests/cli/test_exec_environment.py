"""``rtgmock exec``: the variables that its command finds, and what the emulator of a command is like."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from rtgmock.child_environment import TRUST
from rtgmock.settings.config import SETTINGS
from tests.support.command import PROGRAM, run
from tests.support.exec_process import CLIENT
from tests.support.main import run_main

if TYPE_CHECKING:
    from collections.abc import Callable


SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


def command_environment(folder: Path, *options: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment that a command finds."""
    done = run_main("exec", *options, "--", sys.executable, "-c", SHOW, folder=folder, env=env)
    assert done.returncode == 0, done.stderr
    variables: dict[str, str] = json.loads(done.stdout)
    return variables


TRUSTING = {
    "python's own": (sys.executable, "-c", "print(__import__('urllib.request').request.urlopen(URL).status)"),
    "python's requests": (sys.executable, "-c", "print(__import__('requests').get(URL).status_code)"),
    "node": ("node", "-e", "fetch(URL).then((answer) => console.log(answer.status))"),
    "ruby": ("ruby", "-rnet/http", "-e", "puts Net::HTTP.get_response(URI.parse(URL)).code"),
}


HEALTH = {
    sys.executable: "__import__('os').environ['RTGMOCK_URL'] + '/_rtgmock/health'",
    "node": "process.env.RTGMOCK_URL + '/_rtgmock/health'",
    "ruby": "ENV['RTGMOCK_URL'] + '/_rtgmock/health'",
}


def test_the_command_is_told_where_the_api_is_and_with_which_account(tmp_path: Path) -> None:
    variables = command_environment(tmp_path, "--account", "a@b:p:/?")

    assert urlsplit(variables["RTGMOCK_URL"]).hostname == "127.0.0.1"
    assert (variables["REDISTOGO_USERNAME"], variables["REDISTOGO_PASSWORD"]) == ("a@b", "p:/?")
    assert variables["REDISTOGO_API_URL"] == variables["RTGMOCK_URL"].replace("http://", "http://a%40b:p%3A%2F%3F@")
    assert not {"REDISTOGO_URL", "REDIS_URL"} & variables.keys()


def test_where_every_name_is_let_in_the_command_is_told_the_default_account(tmp_path: Path) -> None:
    variables = command_environment(tmp_path, "--account", "any")

    assert (variables["REDISTOGO_USERNAME"], variables["REDISTOGO_PASSWORD"]) == ("username", "password")


def test_the_api_answers_the_command_from_its_first_moment_on(tmp_path: Path) -> None:
    script = f"{CLIENT}\nprint(call('/instances.json', b'plan=mini')['plan'], len(call('/instances.json')))"

    done = run_main("exec", sys.executable, "-c", script, folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "mini 1\n", "")
    assert not list(tmp_path.iterdir())


def test_with_a_plan_the_command_is_told_the_url_of_an_instance(tmp_path: Path) -> None:
    script = f"{CLIENT}\n[row] = call('/instances.json')\nprint(call('/instances/1.json')['plan'])\n"
    script += "print(call('/instances/1.json')['url'], os.environ['REDISTOGO_URL'], os.environ['REDIS_URL'])"

    done = run_main("exec", "--plan", "small", sys.executable, "-c", script, folder=tmp_path)

    plan, url, *told = done.stdout.split()
    assert plan == "small"
    assert told == [url.replace("//username:", "//redistogo:")] * 2


def test_the_urls_user_is_the_one_of_herokus_urls_whatever_the_account_is(tmp_path: Path) -> None:
    variables = command_environment(tmp_path, "--plan", "nano", "--account", "a@b/c:secret")

    assert re.fullmatch(r"redis://redistogo:[0-9a-f]{32}@127\.0\.0\.1:\d{4}/", variables["REDISTOGO_URL"])
    assert variables["REDIS_URL"] == variables["REDISTOGO_URL"]


def test_the_url_of_an_instance_may_be_known_beforehand(tmp_path: Path) -> None:
    wanted = ("--instance", "mini:secret@9044", "--instance", "nano@9045")

    for options, port in ((wanted, 9044), ((*wanted, "--plan", "nano"), 9001)):
        variables = command_environment(tmp_path, *options)
        assert urlsplit(variables["REDISTOGO_URL"]).port == urlsplit(variables["REDIS_URL"]).port == port
    assert urlsplit(command_environment(tmp_path, *wanted)["REDISTOGO_URL"]).password == "secret"
    told = command_environment(tmp_path, env={"RTGMOCK_INSTANCE": "nano:secret@9046"})
    assert urlsplit(told["REDISTOGO_URL"]).port == 9046


def test_the_urls_host_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    variables = command_environment(
        tmp_path, "--plan", "nano", "--hostname", "{server}.redistogo.com", "--random-seed", "1"
    )

    assert (urlsplit(variables["REDISTOGO_URL"]).hostname or "").endswith(".redistogo.com")


def test_the_commands_own_environment_is_left_as_it_is(tmp_path: Path) -> None:
    variables = command_environment(tmp_path, env={"REDISTOGO_URL": "redis://elsewhere/", "RTGMOCK_UNKNOWN": "x"})

    assert (variables["REDISTOGO_URL"], variables["RTGMOCK_UNKNOWN"]) == ("redis://elsewhere/", "x")


def test_variables_of_settings_count_here_and_not_in_the_command(tmp_path: Path) -> None:
    variables = command_environment(tmp_path, env={"RTGMOCK_ACCOUNT": "ann:a1"})

    assert variables["REDISTOGO_USERNAME"] == "ann"
    assert not {setting.variable for setting in SETTINGS.values()} & variables.keys()


def test_what_says_where_another_emulator_is_does_not_count(tmp_path: Path) -> None:
    elsewhere = {"RTGMOCK_PORT": "1", "RTGMOCK_STATE": "other.json", "RTGMOCK_READY_FILE": "ready"}

    assert urlsplit(command_environment(tmp_path, env=elsewhere)["RTGMOCK_URL"]).port != 1
    assert not list(tmp_path.iterdir())


def test_with_tls_the_command_is_told_what_to_trust(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    curl = f'{program("curl", "curl")} -qsS --noproxy "*" "$REDISTOGO_API_URL/instances.json"'

    variables = command_environment(tmp_path, "--tls")
    done = run_main("exec", "--tls", "sh", "-c", curl, folder=tmp_path)

    assert variables["RTGMOCK_URL"].startswith("https://")
    assert {variables[name] for name in TRUST} == {variables["CURL_CA_BUNDLE"]}
    assert not Path(variables["CURL_CA_BUNDLE"]).exists()
    assert (done.returncode, done.stdout) == (0, "[]"), done.stderr


@pytest.mark.parametrize("client", TRUSTING)
def test_with_tls_clients_trust_the_emulator(tmp_path: Path, program: Callable[[str, str], str], client: str) -> None:
    name, *arguments, script = TRUSTING[client]
    path = name if name == sys.executable else program(name, name)

    done = run_main("exec", "--tls", path, *arguments, script.replace("URL", HEALTH[name], 1), folder=tmp_path)

    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


@pytest.mark.parametrize("options", [("--proxy",), ("--tls", "--proxy")])
def test_as_a_proxy_it_takes_https_to_the_service_and_no_local_host(tmp_path: Path, options: tuple[str, ...]) -> None:
    variables = command_environment(tmp_path, *options, env={"HTTP_PROXY": "http://elsewhere:3128"})

    proxy = variables["RTGMOCK_URL"].replace("https://", "http://")
    assert proxy != variables["RTGMOCK_URL"]
    assert {variables[name] for name in ("HTTPS_PROXY", "https_proxy", "http_proxy")} == {proxy}
    assert variables["HTTP_PROXY"] == "http://elsewhere:3128"
    assert variables["NO_PROXY"] == variables["no_proxy"] == "localhost,127.0.0.1,::1"
    assert {*TRUST, "NODE_USE_ENV_PROXY"} <= variables.keys()


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_what_needs_no_proxy_needs_none_under_it_unless_it_is_the_service(tmp_path: Path, name: str) -> None:
    services = "*, redistogo.com,.redistogo.com,WWW.redistogo.com:443,*.redistogo.com,.com,com,"
    kept = "example.org,.internal,10.0.0.0/8,togo.com,sub.redistogo.com,[::1]:443"

    variables = command_environment(tmp_path, "--proxy", env={name: f"{services} {kept}"})

    assert variables["NO_PROXY"] == variables["no_proxy"] == f"localhost,127.0.0.1,::1,{kept}"


def test_an_inner_rtgmock_finds_the_emulator(tmp_path: Path) -> None:
    done = run_main("exec", *PROGRAM, "ready", folder=tmp_path, env={"RTGMOCK_PORT": "1"})

    assert done.returncode == 0, done.stderr


def test_a_state_file_and_a_fixture_are_used_when_they_are_given(tmp_path: Path) -> None:
    (tmp_path / "fixture.json").write_text('{"instances": [{"plan": "mini", "label": "mongrel"}]}')
    options = ("--state", "state.json", "--fixture", "fixture.json")

    run_main("exec", *options, "--plan", "nano", "true", folder=tmp_path)
    done = run_main(
        "exec", *options, sys.executable, "-c", f"{CLIENT}\nprint(len(call('/instances.json')))", folder=tmp_path
    )

    assert done.stdout == "2\n"


def test_nothing_is_printed_but_what_the_command_prints(tmp_path: Path) -> None:
    script = f"{CLIENT}\ncall('/instances.json')\nprint('out')\nimport sys\nprint('err', file=sys.stderr)"

    done = run_main("exec", "--plan", "nano", sys.executable, "-c", script, folder=tmp_path)

    assert (done.stdout, done.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize(("log_format", "line"), [("text", " GET /instances.json 200 "), ("json", '"status":200')])
def test_the_log_is_written_when_it_is_asked_for(tmp_path: Path, log_format: str, line: str) -> None:
    script = f"{CLIENT}\ncall('/instances.json')"

    done = run("exec", "--verbose", "--log-format", log_format, sys.executable, "-c", script, folder=tmp_path)

    assert done.stdout == ""
    assert line in done.stderr.splitlines()[-1]
