"""The table of settings: defaults, keywords in Python, names in the environment, and what ``Config`` refuses."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock import Emulator
from rtgmock.model.lifecycle import BootDelay
from rtgmock.settings.config import SETTINGS, Config, ephemeral_config
from rtgmock.settings.engine_names import EngineName
from rtgmock.settings.parsers import Credentials, WantedInstance

if TYPE_CHECKING:
    from rtgmock.settings.setting import Setting


ENGINES = f"{', '.join([*EngineName][:-1])} and {[*EngineName][-1]}"


def test_an_option_has_the_same_name_in_the_environment() -> None:
    assert SETTINGS["redis_server"].usage == "--redis-server PATH"
    assert SETTINGS["redis_server"].variable == "RTGMOCK_REDIS_SERVER"


def test_every_field_is_a_row_of_the_table() -> None:
    assert list(SETTINGS) == [field.name for field in dataclasses.fields(Config)]


def test_type_checkers_know_the_keywords_of_an_emulator() -> None:
    """mypy checks this module too: it would report each comment that ignores no error."""
    with pytest.raises(ValueError, match="did you mean redis"):
        Emulator(redsi="off")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="not a port"):
        Emulator(port=1.5)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="not an engine"):
        Emulator(redis="on")


def test_keywords_accept_what_the_command_line_accepts_and_python_values() -> None:
    written = ephemeral_config(
        ports="9101-9102",
        boot_delay=2,
        accounts=["a:b"],
        instances="nano:c@9101",
        server_memory="1GB",
        api=2012,
        state="x.json",
    )
    held = ephemeral_config(
        ports=range(9101, 9103),
        boot_delay=BootDelay(seconds=2),
        accounts=[("a", "b")],
        instances=[WantedInstance("nano", "c", 9101)],
        server_memory=2**30,
        api="2012",
        state=Path("x.json"),
    )

    assert written == held
    assert written == Config(
        port=0,
        ports=range(9101, 9103),
        boot_delay=BootDelay(seconds=2),
        accounts=(Credentials("a", "b"),),
        instances=(WantedInstance("nano", "c", 9101),),
        server_memory=2**30,
        api=2012,
        state=Path("x.json"),
        redis="off",
    )


def test_by_default_python_takes_a_free_port_keeps_nothing_and_runs_no_redis() -> None:
    assert ephemeral_config() == Config(port=0, state=None, redis="off")


def test_naming_a_server_means_that_it_is_run() -> None:
    assert ephemeral_config(redis_server="redis-server").redis == "process"
    assert Config(redis_server="redis-server").redis == "process"
    assert Config(redis="auto", redis_server="redis-server").redis == "process"
    assert Config(redis="off", redis_server="redis-server").redis == "off"


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"redsi": "off"}, "there is no setting redsi; did you mean redis?"),
        ({"redis": "on"}, f"redis: 'on' is not an engine; accepted are {ENGINES}"),
        ({"ports": "x"}, "ports: 'x' is not a port range"),
        ({"accounts": ["ann"]}, "accounts: an account is written as NAME:PASSWORD"),
        ({"accounts": [("a:b", "c")]}, "accounts: the account name 'a:b' has a colon in it"),
        ({"accounts": [Credentials("a:b", "c")]}, "accounts: the account name 'a:b' has a colon in it"),
        ({"accounts": [("ann",)]}, "accounts: an account is written as NAME:PASSWORD"),
        ({"accounts": [("ann", "a", "b")]}, "accounts: an account is written as NAME:PASSWORD"),
        ({"instances": "huge"}, "instances: 'huge' is not a plan; accepted are nano, "),
        ({"instance": "nano"}, "there is no setting instance; did you mean instances?"),
        ({"accounts": [("", "c")]}, "accounts: an account is written as NAME:PASSWORD"),
    ],
)
def test_a_wrong_keyword_is_named(keywords: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ephemeral_config(**keywords)


def test_the_defaults_serve_one_account_on_loopback() -> None:
    assert Config() == Config(
        host="127.0.0.1",
        port=8080,
        state=Path(".rtgmock/state.json"),
        accounts=(Credentials("username", "password"),),
        api=2010,
        ports=range(9001, 10000),
        redis="auto",
        hostname=None,
        server_memory=68719476736,
        boot_delay=BootDelay(),
        random_seed=None,
        tls=False,
        log_format="text",
        allow_hosts=(),
        ready_file=None,
    )


@pytest.mark.parametrize(
    "setting", [pytest.param(setting, id=name) for name, setting in SETTINGS.items() if setting.default]
)
def test_the_default_that_help_shows_is_the_default(setting: Setting[Any, Any]) -> None:
    assert setting.convert(setting.shown_default) == setting.default


@pytest.mark.parametrize("option", ["--account", "--instance", "--allow-host"])
def test_these_options_may_be_repeated(option: str) -> None:
    assert [setting.many for setting in SETTINGS.values() if setting.option == option] == [True]


def test_two_accounts_may_not_have_one_name() -> None:
    accounts = (Credentials("ann", "one"), Credentials("bob", "two"), Credentials("ann", "three"))

    with pytest.raises(ValueError, match=r"^the account 'ann' is given twice; give each name once$"):
        Config(accounts=accounts)


def test_two_accounts_may_have_one_password() -> None:
    assert len(Config(accounts=(Credentials("ann", "one"), Credentials("bob", "one"))).accounts) == 2


def test_a_config_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]
