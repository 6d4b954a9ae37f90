"""``rtgmock exec``: what a command is told, what it gets of signals and the terminal, how it ends, and what is left."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest

from rtgmock.child_environment import TRUST
from rtgmock.cli.signals import SignalRelay
from rtgmock.model.plans import PLANS
from rtgmock.settings.config import SETTINGS
from tests.support.command import DEADLINE, PROGRAM, environment, run, until
from tests.support.redis_client import answers
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.redis_emulators import RedisEmulators

    Start = Callable[..., subprocess.Popen[str]]

pytest_plugins = ["tests.support.redis_fixtures"]

only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
USE = """
import json, os, urllib.request
login = urllib.request.HTTPPasswordMgrWithDefaultRealm()
login.add_password(None, os.environ["RTGMOCK_URL"], os.environ["REDISTOGO_USERNAME"], os.environ["REDISTOGO_PASSWORD"])
client = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPBasicAuthHandler(login))
def call(path, data=None):
    return json.load(client.open(os.environ["RTGMOCK_URL"] + path, data))
"""
TELL = """
import os, signal, sys, threading
numbers = {getattr(signal, name) for name in sys.argv[1:]}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
def end():
    sys.stdin.readline()
    os._exit(0)
threading.Thread(target=end).start()
print("ready", flush=True)
while True:
    os.write(1, f"got {signal.sigwait(numbers).name}\\n".encode())
"""
"""Tells of every signal that comes until a line is read."""


def seen(folder: Path, *options: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """The environment that a command sees."""
    done = run("exec", *options, "--", sys.executable, "-c", SHOW, folder=folder, env=env)
    assert done.returncode == 0, done.stderr
    variables: dict[str, str] = json.loads(done.stdout)
    return variables


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts ``rtgmock exec`` as a process, with pipes to its command."""
    with contextlib.ExitStack() as stack:

        def begin(*arguments: str, **options: Any) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*PROGRAM, "exec", *arguments],
                cwd=tmp_path,
                env=environment(**options.pop("env", {})),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                **options,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield begin


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# What a command is told


def test_the_command_is_told_where_the_api_is_and_with_which_account(tmp_path: Path) -> None:
    told = seen(tmp_path, "--account", "a@b:p:/?")

    assert urlsplit(told["RTGMOCK_URL"]).hostname == "127.0.0.1"
    assert (told["REDISTOGO_USERNAME"], told["REDISTOGO_PASSWORD"]) == ("a@b", "p:/?")
    assert told["REDISTOGO_API_URL"] == told["RTGMOCK_URL"].replace("http://", "http://a%40b:p%3A%2F%3F@")
    assert not {"REDISTOGO_URL", "REDIS_URL"} & told.keys()


def test_the_api_answers_the_command_from_its_first_moment_on(tmp_path: Path) -> None:
    script = f"{USE}\nprint(call('/instances.json', b'plan=mini')['plan'], len(call('/instances.json')))"

    done = run("exec", sys.executable, "-c", script, folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "mini 1\n", "")
    assert not list(tmp_path.iterdir())


def test_with_a_plan_the_command_is_told_the_url_of_an_instance(tmp_path: Path) -> None:
    script = f"{USE}\n[row] = call('/instances.json')\nprint(call('/instances/1.json')['plan'])\n"
    script += "print(call('/instances/1.json')['url'], os.environ['REDISTOGO_URL'], os.environ['REDIS_URL'])"

    done = run("exec", "--plan", "small", sys.executable, "-c", script, folder=tmp_path)

    plan, url, *told = done.stdout.split()
    assert plan == "small"
    assert told == [url, url]


def test_the_urls_host_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    told = seen(tmp_path, "--plan", "nano", "--hostname", "{server}.redistogo.com", "--random-seed", "1")

    assert (urlsplit(told["REDISTOGO_URL"]).hostname or "").endswith(".redistogo.com")


def test_the_commands_own_environment_is_left_as_it_is(tmp_path: Path) -> None:
    told = seen(tmp_path, env={"REDISTOGO_URL": "redis://elsewhere/", "RTGMOCK_UNKNOWN": "x"})

    assert (told["REDISTOGO_URL"], told["RTGMOCK_UNKNOWN"]) == ("redis://elsewhere/", "x")


def test_variables_of_settings_count_here_and_not_in_the_command(tmp_path: Path) -> None:
    told = seen(tmp_path, env={"RTGMOCK_ACCOUNT": "ann:a1"})

    assert told["REDISTOGO_USERNAME"] == "ann"
    assert not {setting.variable for setting in SETTINGS.values()} & told.keys()


def test_what_says_where_another_emulator_is_does_not_count(tmp_path: Path) -> None:
    elsewhere = {"RTGMOCK_PORT": "1", "RTGMOCK_STATE": "other.json", "RTGMOCK_READY_FILE": "ready"}

    assert urlsplit(seen(tmp_path, env=elsewhere)["RTGMOCK_URL"]).port != 1
    assert not list(tmp_path.iterdir())


def test_with_tls_the_command_is_told_what_to_trust(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    curl = f'{program("curl", "curl")} -qsS --noproxy "*" "$REDISTOGO_API_URL/instances.json"'

    told = seen(tmp_path, "--tls")
    done = run("exec", "--tls", "sh", "-c", curl, folder=tmp_path)

    assert told["RTGMOCK_URL"].startswith("https://")
    assert {told[name] for name in TRUST} == {told["CURL_CA_BUNDLE"]}
    assert not Path(told["CURL_CA_BUNDLE"]).exists()
    assert (done.returncode, done.stdout) == (0, "[]"), done.stderr


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


@pytest.mark.parametrize("client", TRUSTING)
def test_with_tls_clients_trust_the_emulator(tmp_path: Path, program: Callable[[str, str], str], client: str) -> None:
    name, *arguments, script = TRUSTING[client]
    path = name if name == sys.executable else program(name, name)

    done = run("exec", "--tls", path, *arguments, script.replace("URL", HEALTH[name], 1), folder=tmp_path)

    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


def test_an_inner_rtgmock_finds_the_emulator(tmp_path: Path) -> None:
    done = run("exec", *PROGRAM, "ready", folder=tmp_path, env={"RTGMOCK_PORT": "1"})

    assert (done.returncode, done.stderr) == (0, "")


def test_a_state_file_and_a_fixture_are_used_when_they_are_given(tmp_path: Path) -> None:
    (tmp_path / "fixture.json").write_text('{"instances": [{"plan": "mini", "label": "mongrel"}]}')
    options = ("--state", "state.json", "--fixture", "fixture.json")

    run("exec", *options, "--plan", "nano", "true", folder=tmp_path)
    done = run("exec", *options, sys.executable, "-c", f"{USE}\nprint(len(call('/instances.json')))", folder=tmp_path)

    assert done.stdout == "2\n"


def test_nothing_is_printed_but_what_the_command_prints(tmp_path: Path) -> None:
    script = f"{USE}\ncall('/instances.json')\nprint('out')\nimport sys\nprint('err', file=sys.stderr)"

    done = run("exec", "--plan", "nano", sys.executable, "-c", script, folder=tmp_path)

    assert (done.stdout, done.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize(("log_format", "line"), [("text", " GET /instances.json 200 "), ("json", '"status":200')])
def test_the_log_is_written_when_it_is_asked_for(tmp_path: Path, log_format: str, line: str) -> None:
    script = f"{USE}\ncall('/instances.json')"

    done = run("exec", "--verbose", "--log-format", log_format, sys.executable, "-c", script, folder=tmp_path)

    assert done.stdout == ""
    assert line in done.stderr.splitlines()[-1]


# How it ends


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_the_exit_code_is_the_commands(tmp_path: Path, script: str, code: int) -> None:
    assert run("exec", "--", "sh", "-c", script, folder=tmp_path).returncode == code


def test_options_after_the_command_are_the_commands(tmp_path: Path) -> None:
    assert run("exec", "sh", "-c", 'echo "$@"', "sh", "--plan", "--", "x", folder=tmp_path).stdout == "--plan -- x\n"


def test_a_command_that_there_is_not_is_127(tmp_path: Path) -> None:
    done = run("exec", "--", "no-such-program", folder=tmp_path)

    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.startswith("rtgmock: there is no command no-such-program; ")
    assert done.stderr.count("\n") == 1


def test_a_command_that_cannot_be_run_is_126(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")

    done = run("exec", "--", "./text", folder=tmp_path)

    assert (done.returncode, done.stdout) == (126, "")
    assert done.stderr.startswith("rtgmock: ./text cannot be run: ")
    assert done.stderr.count("\n") == 1


def test_an_emulator_that_cannot_start_is_1_and_one_line(tmp_path: Path) -> None:
    done = run("exec", "--redis", "process", "--redis-server", "no-such-server", "--", "echo", "x", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "rtgmock: there is no program no-such-server; name another one: --redis-server PATH\n"


def test_an_instance_that_cannot_be_made_is_1_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "fixture.json").write_text('{"instances": [{"plan": "nano"}]}')
    options = ("--fixture", "fixture.json", "--ports", "9001-9001")

    done = run("exec", *options, "--plan", "nano", "--", "echo", "x", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rtgmock: no instance can be made: Port can't be assigned: ")
    assert done.stderr.count("\n") == 1


def test_a_wrong_plan_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    done = run("exec", "--plan", "huge", "--", "echo", "x", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert all(plan in done.stderr for plan in ("huge", *PLANS))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["--plan", "nano"], "Missing argument"),
        (["--api", "2011", "true"], "2010 and 2012"),
        (["--account", "a:b", "--account", "a:c", "true"], "given twice"),
        (["--ready-file", "x", "true"], "--ready-file"),
    ],
)
def test_a_wrong_command_line_is_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run("exec", *arguments, folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


# Signals


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_passed_on_and_the_command_decides(start: Start, name: str) -> None:
    process = start(sys.executable, "-c", TELL, name)
    assert next_line(process) == "ready"

    for _ in range(2):
        process.send_signal(getattr(signal, name))
        assert next_line(process) == f"got {name}"
    process.communicate("\n", DEADLINE)

    assert process.returncode == 0


def test_a_command_that_a_signal_ends_is_128_and_the_signal(start: Start) -> None:
    process = start("sh", "-c", "echo ready; exec sleep 60")
    assert next_line(process) == "ready"

    process.terminate()

    assert process.wait(DEADLINE) == 128 + signal.SIGTERM


def test_a_signal_that_is_ignored_is_ignored_by_both(start: Start, tmp_path: Path) -> None:
    process = start(
        "sh", "-c", "echo ready; read line", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    assert next_line(process) == "ready"

    process.send_signal(signal.SIGHUP)
    process.communicate("\n", DEADLINE)

    assert process.returncode == 0


def test_killed_it_takes_the_command_with_it(start: Start) -> None:
    process = start("sh", "-c", "echo $$; exec sleep 60")
    command = psutil.Process(int(next_line(process)))

    process.kill()
    process.wait(DEADLINE)

    assert until(lambda: not command.is_running() or command.status() == psutil.STATUS_ZOMBIE)


@pytest.fixture
def handlers() -> Iterator[None]:
    """This process's own answers to signals come back after the test."""
    numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


class Sent(list[int]):
    """A command that remembers what it was sent, and that the second signal ends."""

    send_signal = list.append

    @property
    def returncode(self) -> int | None:
        return 0 if len(self) > 1 else None

    def wait(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_that_comes_while_the_command_is_being_started_is_not_lost(handlers: None) -> None:
    command = Sent()

    with SignalRelay() as relay:
        signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one would end us
        assert relay.wait(command) == 0  # type: ignore[arg-type]

    assert command == [signal.SIGTERM, signal.SIGTERM]


# The terminal


def test_ctrl_c_reaches_the_command_once(tmp_path: Path) -> None:
    with Terminal(tmp_path, *PROGRAM, "exec", sys.executable, "-c", TELL, "SIGINT", "SIGTERM") as terminal:
        terminal.await_text("ready")
        terminal.process.send_signal(signal.SIGSTOP)  # so that a second one would come when the first has been seen
        terminal.press("\x03")
        terminal.await_text("got SIGINT")
        terminal.process.send_signal(signal.SIGCONT)
        terminal.process.terminate()  # passed on after what was to be passed on before
        assert "SIGINT" not in terminal.await_text("got SIGTERM")
        terminal.press("\n")
        assert terminal.wait() == 0


def test_ctrl_c_that_ends_the_command_ends_all(tmp_path: Path) -> None:
    with Terminal(tmp_path, *PROGRAM, "exec", "sh", "-c", "echo ready; exec sleep 60") as terminal:
        terminal.await_text("ready")
        terminal.press("\x03")
        assert terminal.wait() == 128 + signal.SIGINT


def test_a_command_reads_from_the_terminal(tmp_path: Path) -> None:
    script = "test -t 0 && test -t 1 && test -t 2 && echo ready; read line; echo got $line"
    with Terminal(tmp_path, *PROGRAM, "exec", "sh", "-c", script) as terminal:
        terminal.await_text("ready")
        terminal.press("fish\n")
        terminal.await_text("got fish")
        assert terminal.wait() == 0


def test_ctrl_z_stops_it_and_fg_goes_on(tmp_path: Path) -> None:
    with Terminal(tmp_path, "sh", "-mi") as terminal:
        terminal.press(f'{" ".join(PROGRAM)} exec sh -c \'echo rea""dy; read line; echo g""ot $line\'\n')
        terminal.await_text("ready")
        terminal.press("\x1a")
        terminal.await_text("Stopped")
        shell = psutil.Process(terminal.process.pid)
        assert until(lambda: {child.status() for child in shell.children(recursive=True)} == {psutil.STATUS_STOPPED})
        terminal.press("fg\n")
        assert until(lambda: psutil.STATUS_STOPPED not in {child.status() for child in shell.children(recursive=True)})
        terminal.press("fish\n")
        terminal.await_text("got fish")
        terminal.press("exit\n")
        assert terminal.wait() == 0


# Redis


def begin(emulators: RedisEmulators, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """``rtgmock exec`` on a test's emulators."""
    ports = f"{emulators.ports[0]}-{emulators.ports[-1]}"
    return subprocess.Popen(
        [*PROGRAM, "exec", "--redis", emulators.engine, "--ports", ports, *arguments],
        cwd=emulators.folder,
        env=environment(TMPDIR=str(emulators.temporary)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_the_url_works_as_long_as_the_command_runs(
    emulators: RedisEmulators, program: Callable[[str, str], str]
) -> None:
    program("redis", "redis-cli")
    show = 'echo "$REDISTOGO_URL"; redis-cli -u "$REDISTOGO_URL" ping'

    with begin(emulators, "--plan", "nano", "--", "sh", "-c", show) as process:
        out, err = process.communicate(timeout=60)

    url, pong = out.split()
    assert (process.returncode, pong) == (0, "PONG"), err
    assert not answers(url)
    assert emulators.leaks() == []


@only_process
def test_a_boot_delay_keeps_no_redis_from_the_command(
    emulators: RedisEmulators, program: Callable[[str, str], str]
) -> None:
    ping = f'{program("redis", "redis-cli")} -u "$REDIS_URL" ping'

    with begin(emulators, "--plan", "nano", "--boot-delay", "3600", "--", "sh", "-c", ping) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, "PONG\n"), err


@only_process
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"])
def test_whatever_ends_it_no_redis_is_left(emulators: RedisEmulators, name: str) -> None:
    with begin(
        emulators, "--plan", "nano", "--", "sh", "-c", 'echo "$REDIS_URL"; exec sleep 60', start_new_session=True
    ) as process:
        url = next_line(process)
        assert answers(url)
        process.send_signal(getattr(signal, name))
        process.wait(DEADLINE)

    assert until(lambda: emulators.running() == 0)
    assert not answers(url)
    if name == "SIGKILL":
        for folder in emulators.temporary.iterdir():  # what prune is for
            shutil.rmtree(folder)


@only_process
def test_a_signal_before_the_command_starts_keeps_it_from_starting(
    emulators: RedisEmulators, program: Callable[[str, str], str]
) -> None:
    server = program("redis", "redis-server")
    slow = emulators.folder / "slow-redis"
    script = [
        "#!/bin/sh",
        "test $1 = - && : > asked",
        "while test $1 = - && ! test -e ../go; do sleep 0.01; done",
        f'exec {server} "$@"',
    ]
    slow.write_text("\n".join(script))
    slow.chmod(0o755)

    with begin(
        emulators, "--redis-server", str(slow), "--plan", "nano", "--", "sh", "-c", "echo x", start_new_session=True
    ) as process:
        [home] = until(lambda: [asked.parent for asked in emulators.temporary.glob("*/*/asked")])
        process.terminate()
        until(lambda: not pending(process.pid))
        (home.parent / "go").touch()
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (128 + signal.SIGTERM, "", "")


def pending(number: int) -> int:
    """The signals that a process was sent and has not seen yet, as a mask."""
    status = Path(f"/proc/{number}/status").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in status if line.startswith(("SigPnd:", "ShdPnd:")))


def test_the_help_says_what_the_command_is_told(tmp_path: Path) -> None:
    said = run("exec", "--help", folder=tmp_path).stdout

    assert all(
        name in said for name in ("RTGMOCK_URL", "REDISTOGO_API_URL", "REDISTOGO_URL", "--plan", *serves_options())
    )


def serves_options() -> list[str]:
    """The options of ``serve`` that ``exec`` has as well."""
    return [setting.option for name, setting in SETTINGS.items() if name != "ready_file"]
