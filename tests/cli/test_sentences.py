"""The sentences with which the settings and the commands refuse: none ends in two full stops or has an empty list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from rtgmock.cli.main import cli
from rtgmock.errors import StartupError
from rtgmock.model.types import MAX_LENGTH
from rtgmock.settings.click_options import build_config, parse_options
from rtgmock.settings.config import SETTINGS, Config, ephemeral_config
from rtgmock.settings.parsers import Credentials
from tests.support.sentences import assert_well_formed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = (
    "",
    " ",
    ".",
    "..",
    "a..",
    "?!",
    "x\n",
    "a:b:c",
    ":",
    "::",
    "9" * 40,
    "n" * (MAX_LENGTH + 1) + ":p",
    "{server}/",
    "/",
)
"""Texts of which each parser refuses some; a few end in full stops themselves, to see them quoted."""

COMMAND_LINES = [
    ["nosuch"],
    ["serve", "--nosuch"],
    ["serve", "extra"],
    ["serve", "--account", "a:b", "--account", "a:c"],
    ["serve", "--account", "n" * (MAX_LENGTH + 1) + ":p"],
    ["exec"],
    ["exec", "--plan", "huge", "true"],
    ["exec", "--ready-file", "x", "true"],
    ["ready", "--wait", "x"],
    ["ready", "ftp://127.0.0.1"],
    ["ready", "http://["],
    ["ready", "http://127.0.0.1:1"],
    ["openapi", "--api", "2011"],
    ["ca", "--state", ":memory:"],
    ["ca", "--state", ""],
    ["ca", "--state", "no/such/folder/state.json"],
]

KEYWORDS: list[dict[str, Any]] = [
    {"redsi": "off"},
    {"nosuchsetting": 1},
    {"accounts": [("a:b", "c")]},
    {"accounts": [("n" * (MAX_LENGTH + 1), "c")]},
    {"accounts": ["a:b", "a:c"]},
    {"port": 1.5},
]


def refused_texts(name: str) -> Iterator[str]:
    """Give the reasons with which the parser of a setting refuses some of TEXTS."""
    for text in TEXTS:
        try:
            SETTINGS[name].parse(text)
        except ValueError as error:
            yield str(error)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_parser_gives_the_reason_without_a_full_stop(name: str) -> None:
    reasons = list(refused_texts(name))

    assert reasons
    for reason in reasons:
        assert not reason.endswith(".")
        assert_well_formed(reason.replace("'..'", "").replace("'a..'", ""))


@pytest.mark.parametrize("name", SETTINGS)
def test_an_option_is_refused_with_one_full_stop(name: str) -> None:
    for text in ("?!\n", ""):
        with pytest.raises(ValueError) as refused:  # noqa: PT011, PT012
            parse_options([SETTINGS[name].option, text], exclude=())
            raise ValueError("accepted")
        assert_well_formed(str(refused.value))


@pytest.mark.parametrize("arguments", COMMAND_LINES, ids=" ".join)
def test_a_wrong_command_line_is_refused_with_well_formed_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, arguments)

    assert result.exit_code != 0
    assert_well_formed(str(result.exception) if isinstance(result.exception, StartupError) else result.stderr)


@pytest.mark.parametrize("keywords", KEYWORDS, ids=lambda keywords: next(iter(keywords)))
def test_a_wrong_keyword_is_refused_with_a_well_formed_sentence(keywords: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        ephemeral_config(**keywords)

    assert_well_formed(str(refused.value))


def test_settings_that_contradict_each_other_are_refused_with_one_full_stop() -> None:
    accounts = (Credentials("ann", "one"), Credentials("ann", "two"))

    with pytest.raises(click.UsageError) as refused:
        build_config({"accounts": accounts})
    assert refused.value.message == "the account 'ann' is given twice; give each name once."
    with pytest.raises(ValueError, match=r"once$"):
        Config(accounts=accounts)
