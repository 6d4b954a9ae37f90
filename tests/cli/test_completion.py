"""What a shell completes: by Click's protocol, and in a real bash."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.config import SETTINGS
from tests.support.command import PROGRAM, environment
from tests.support.documents import section
from tests.support.main import run_main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHELLS = ("bash", "zsh", "fish")


def completed(folder: Path, *words: str) -> list[str]:
    """Return what is proposed for the last word, each as ``type,value``."""
    asked = run_main(
        folder=folder,
        env={
            "_RTGMOCK_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["rtgmock", *words]),
            "COMP_CWORD": str(len(words)),
        },
    )
    assert asked.stderr == ""
    return asked.stdout.split()


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["serve", "--redis", "p"], ["plain,process"]),
        (["serve", "--log-format", ""], ["plain,text", "plain,json"]),
        (["openapi", "--api", "2"], ["plain,2010", "plain,2012"]),
        (["exec", "--plan", "me"], ["plain,medium", "plain,mega"]),
        (["serve", "--account", ""], ["plain,any"]),
        (["serve", "--port", ""], []),
        (["serve", "--redis-s"], ["plain,--redis-server"]),
        (["rea"], ["plain,ready"]),
    ],
)
def test_choices_are_proposed_with_their_values(tmp_path: Path, words: list[str], proposed: list[str]) -> None:
    assert completed(tmp_path, *words) == proposed


@pytest.mark.parametrize("name", ["state", "redis_server", "fixture", "ready_file"])
def test_a_path_is_left_to_the_shell(tmp_path: Path, name: str) -> None:
    assert completed(tmp_path, "serve", SETTINGS[name].option, "sta") == ["file,sta"]


def test_every_choice_of_a_setting_is_one_that_it_accepts() -> None:
    choices = {name: row.words for name, row in SETTINGS.items() if row.words}

    assert choices.keys() == {"accounts", "api", "redis", "log_format"}
    for name, words in choices.items():
        for word in words:
            SETTINGS[name].parse(word)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_lines_of_the_readme_give_each_shell_its_script(tmp_path: Path, shell: str) -> None:
    assert f"{shell}_source" in section("Options and state")

    asked = run_main(folder=tmp_path, env={"_RTGMOCK_COMPLETE": f"{shell}_source"})

    assert asked.returncode == 0
    assert f"{shell}_complete" in asked.stdout


# What bash does when the tab key is pressed: it calls the function that complete has named.
PRESS_TAB = """
COMP_WORDS=(rtgmock serve --redis d) COMP_CWORD=3
function=$(complete -p rtgmock | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function rtgmock
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_a_real_bash_completes_a_value(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    bash = program("bash", "bash")
    [line] = re.findall(r'`(eval "\$\(_RTGMOCK_COMPLETE=bash_source rtgmock\)")`', section("Options and state"))
    (tmp_path / "rtgmock").write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    (tmp_path / "rtgmock").chmod(0o755)
    variables = environment()
    done = subprocess.run(
        [bash, "--norc", "-ec", line + PRESS_TAB],
        cwd=tmp_path,
        env=variables | {"PATH": f"{tmp_path}:{variables['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.stdout == "docker\n", done.stderr
