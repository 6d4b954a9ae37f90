"""``rtgmock env``: what it prints of a running emulator, for shells and for .env files."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.command import PROGRAM, environment
from tests.support.main import run_main
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve, Served
    from tests.support.serve_process import Start

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
ODD = "a'b\"c $HOME `id` \\ # é%"
NAMES = {"RTGMOCK_URL", "REDISTOGO_API_URL", "REDISTOGO_USERNAME", "REDISTOGO_PASSWORD", "REDISTOGO_URL", "REDIS_URL"}


def env(api: Served, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_main("env", *arguments, folder=folder, env={"RTGMOCK_URL": api.url, **variables})


def in_shell(script: str, folder: Path, **variables: str) -> dict[str, str]:
    """Return the variables of a program that a shell starts after a script."""
    command = ["sh", "-ec", f'{script}\n"$0" -c "$1"', sys.executable, SHOW]
    done = subprocess.run(
        command, cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, str] = json.loads(done.stdout)
    return {name: value for name, value in shown.items() if name in NAMES}


def test_a_shell_that_evaluates_it_has_what_exec_sets(command: Start, tmp_path: Path) -> None:
    server = command("--instance", "nano:secret@9044")
    program = " ".join(PROGRAM)

    shown = in_shell(f'eval "$({program} env)"', tmp_path, RTGMOCK_READY_FILE=str(server.ready_file))

    assert shown == {
        "RTGMOCK_URL": server.url,
        "REDISTOGO_API_URL": server.url.replace("://", "://username:password@"),
        "REDISTOGO_USERNAME": "username",
        "REDISTOGO_PASSWORD": "password",
        "REDISTOGO_URL": "redis://redistogo:secret@127.0.0.1:9044/",
        "REDIS_URL": "redis://redistogo:secret@127.0.0.1:9044/",
    }


@pytest.mark.parametrize("form", ["shell", "dotenv"])
def test_odd_names_and_passwords_are_quoted(serve: Serve, tmp_path: Path, form: str) -> None:
    api = serve(accounts=[(f"n{ODD}", f"p{ODD}")], instances=f"nano:s{ODD}")
    options = ["--dotenv"] if form == "dotenv" else []

    done = env(api, tmp_path, "--account", f"n{ODD}:p{ODD}", *options)

    (tmp_path / "variables").write_text(done.stdout)
    shown = in_shell("set -a; . ./variables", tmp_path)
    assert (shown["REDISTOGO_USERNAME"], shown["REDISTOGO_PASSWORD"]) == (f"n{ODD}", f"p{ODD}")
    assert shown["REDISTOGO_API_URL"] == api.url.replace("://", f"://{quote(f'n{ODD}')}:{quote(f'p{ODD}')}@")
    assert shown["REDISTOGO_URL"] == f"redis://redistogo:{quote(f's{ODD}')}@127.0.0.1:9001/"


def test_a_dotenv_file_has_no_quotes_where_none_are_needed(serve: Serve, tmp_path: Path) -> None:
    """``docker run --env-file`` takes quotes for a part of the value."""
    api = serve(instances="nano:secret")

    lines = env(api, tmp_path, "--dotenv").stdout.splitlines()

    assert {line.partition("=")[0] for line in lines} == NAMES
    assert f"RTGMOCK_URL={api.url}" in lines
    assert "REDISTOGO_URL=redis://redistogo:secret@127.0.0.1:9001/" in lines
    assert not [line for line in lines if "'" in line or '"' in line]


def redistogo_url(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("export REDISTOGO_URL=")]
    return line.partition("=")[2]


def test_an_instance_is_named_by_its_id_or_its_label(serve: Serve, tmp_path: Path) -> None:
    api = serve()
    for label in ("mongrel", "3", "twice", "twice"):
        api.create(label=label)

    for name, port in (("1", 9001), ("mongrel", 9001), ("3", 9003)):
        assert redistogo_url(env(api, tmp_path, name)).endswith(f":{port}/")
    for name, said in (
        ("", "there are 4 instances: name one by its id or label: 1 (mongrel), 2 (3), 3 (twice), 4 (twice)"),
        ("twice", "2 instances have the label twice: name one by its id: 1 (mongrel), 2 (3), 3 (twice), 4 (twice)"),
        ("9", "there is no instance 9; there are: 1 (mongrel), 2 (3), 3 (twice), 4 (twice)"),
    ):
        done = env(api, tmp_path, *([name] if name else []))
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"rtgmock: {said}\n")


def test_without_an_instance_the_api_alone_is_printed(api: Served, tmp_path: Path) -> None:
    done = env(api, tmp_path)

    assert done.returncode == 0
    assert {line.split()[1].partition("=")[0] for line in done.stdout.splitlines()} == NAMES - {
        "REDISTOGO_URL",
        "REDIS_URL",
    }
    assert done.stderr == "rtgmock: there is no instance yet, so REDISTOGO_URL is not among these\n"
    assert env(api, tmp_path, "1").stderr == "rtgmock: there is no instance 1; there are: none\n"


def test_only_the_accounts_own_instances_count(serve: Serve, tmp_path: Path) -> None:
    api = serve(accounts=["ann:a1", "bob:b2"])
    api.create()
    api.post("/instances.json", json={"plan": "nano"}, auth=("bob", "b2"))
    named = api.url.replace("://", "://bob:b2@")

    assert redistogo_url(env(api, tmp_path, RTGMOCK_ACCOUNT="ann:a1 bob:b2")).endswith(":9001/")
    assert redistogo_url(env(api, tmp_path, "--account", "bob:b2")).endswith(":9002/")
    done = env(api, tmp_path, "--url", f"{named}/instances.json")
    assert redistogo_url(done).endswith(":9002/")
    assert f"export RTGMOCK_URL={api.url}\n" in done.stdout
    assert "export REDISTOGO_USERNAME=bob\n" in done.stdout


def test_inside_of_exec_its_emulator_is_found(tmp_path: Path) -> None:
    inner = f"{' '.join(PROGRAM)} env; {' '.join(PROGRAM)} hosts"
    options = ("--account", "ann:a1", "--instance", "nano:secret@9044")

    done = run_main("exec", *options, "--", "sh", "-ec", inner, folder=tmp_path)

    assert redistogo_url(done) == "redis://redistogo:secret@127.0.0.1:9044/"
    assert "export REDISTOGO_USERNAME=ann\n" in done.stdout
    assert "127.0.0.1 redistogo.com\n" in done.stdout


@pytest.mark.parametrize("account", ["username:password", "ann:wrong"])
def test_an_account_that_the_emulator_does_not_have_is_refused(serve: Serve, tmp_path: Path, account: str) -> None:
    api = serve(accounts=["ann:a1"])
    done = env(api, tmp_path, "--account", account)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"rtgmock: the emulator at {api.url} does not let the account {account.partition(':')[0]} in with this "
        "password; give it the first one of its accounts: --account NAME:PASSWORD\n"
    )


def test_nothing_of_it_is_in_the_journal(serve: Serve, tmp_path: Path) -> None:
    api = serve(boot_delay="2reads")
    api.create()
    api.emulator.fail(status=500)

    assert redistogo_url(env(api, tmp_path))
    assert len(api.emulator.requests) == 1
    assert api.emulator.store.instances()[0]["boot"] == {"reads": 2}


def test_with_tls_on_this_machine_no_certificate_is_needed(serve: Serve, tmp_path: Path) -> None:
    api = serve(tls=True, instances="nano")

    assert redistogo_url(env(api, tmp_path))


def test_where_no_emulator_answers_one_line_says_so(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    for name in ("env", "hosts"):
        done = run_main(name, "--url", url, folder=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"rtgmock: no emulator answers at {url}: connection refused; start one with: rtgmock serve\n"
        )
        done = run_main(name, "--url", "ftp://127.0.0.1", folder=tmp_path)
        assert done.returncode == 2
        assert "write it as http://127.0.0.1:8080" in done.stderr
