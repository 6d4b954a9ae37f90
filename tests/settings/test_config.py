"""The settings: how each is written, read, refused and named in the environment."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.model.lifecycle import BootDelay
from rtgmock.network import local_url
from rtgmock.settings.config import Config, Settings, configured, settings
from rtgmock.settings.parsers import (
    Credentials,
    parse_account,
    parse_api,
    parse_flag,
    parse_host,
    parse_hostname,
    parse_log_format,
    parse_port,
    parse_ports,
    parse_seed,
    parse_state,
)
from tests.support.values import few

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLES = {
    "--host": "RTGMOCK_HOST",
    "--port": "RTGMOCK_PORT",
    "--state": "RTGMOCK_STATE",
    "--account": "RTGMOCK_ACCOUNT",
    "--api": "RTGMOCK_API",
    "--redis": "RTGMOCK_REDIS",
    "--redis-server": "RTGMOCK_REDIS_SERVER",
    "--redis-image": "RTGMOCK_REDIS_IMAGE",
    "--ports": "RTGMOCK_PORTS",
    "--hostname": "RTGMOCK_HOSTNAME",
    "--server-memory": "RTGMOCK_SERVER_MEMORY",
    "--boot-delay": "RTGMOCK_BOOT_DELAY",
    "--random-seed": "RTGMOCK_RANDOM_SEED",
    "--fixture": "RTGMOCK_FIXTURE",
    "--tls": "RTGMOCK_TLS",
    "--log-format": "RTGMOCK_LOG_FORMAT",
    "--allow-host": "RTGMOCK_ALLOW_HOST",
    "--ready-file": "RTGMOCK_READY_FILE",
}


def test_an_option_is_named_in_the_environment_as_on_the_command_line() -> None:
    assert {setting.option: setting.variable for _, _, setting in settings()} == VARIABLES


def test_every_setting_is_a_keyword_in_python() -> None:
    assert Settings.__annotations__.keys() == {name for name, _, _ in settings()}


def test_keywords_are_written_as_on_the_command_line_or_as_they_are_held() -> None:
    written = configured(
        {
            "ports": "9101-9102",
            "boot_delay": 2,
            "accounts": ["a:b"],
            "server_memory": "1GB",
            "api": 2012,
            "state": "x.json",
        }
    )
    held = configured(
        {
            "ports": range(9101, 9103),
            "boot_delay": BootDelay(seconds=2),
            "accounts": [("a", "b")],
            "server_memory": 2**30,
            "api": "2012",
            "state": Path("x.json"),
        }
    )

    assert written == held
    assert written == Config(
        port=0,
        ports=range(9101, 9103),
        boot_delay=BootDelay(seconds=2),
        accounts=(Credentials("a", "b"),),
        server_memory=2**30,
        api=2012,
        state=Path("x.json"),
    )


def test_python_takes_a_free_port_and_keeps_nothing_unless_told_so() -> None:
    assert configured({}) == Config(port=0, state=None)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"redsi": "off"}, "there is no setting redsi; did you mean redis?"),
        ({"redis": "on"}, "redis: 'on' is not an engine; accepted are off, process, docker and auto"),
        ({"ports": "x"}, "ports: 'x' is not a port range"),
        ({"accounts": ["nobody"]}, "accounts: an account is written as NAME:PASSWORD"),
        ({"accounts": [("a:b", "c")]}, "accounts: the account name 'a:b' has a colon in it"),
        ({"accounts": [Credentials("a:b", "c")]}, "accounts: the account name 'a:b' has a colon in it"),
        ({"accounts": [("", "c")]}, "accounts: an account is written as NAME:PASSWORD"),
    ],
)
def test_a_wrong_keyword_is_named(keywords: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        configured(keywords)


def test_every_field_is_a_setting() -> None:
    assert [name for name, _, _ in settings()] == [field.name for field in dataclasses.fields(Config)]


def test_the_defaults_serve_one_account_on_loopback() -> None:
    assert Config() == Config(
        host="127.0.0.1",
        port=8080,
        state=Path("rtgmock.json"),
        accounts=(Credentials("username", "password"),),
        api=2010,
        ports=range(9001, 10000),
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
    ("shown", "parse", "default"),
    [
        pytest.param(setting.shown_default, setting.parse, default, id=setting.option)
        for _, default, setting in settings()
        if default not in {None, ()}
    ],
)
def test_the_default_that_help_shows_is_the_default(shown: str, parse: Callable[[str], Any], default: Any) -> None:
    assert parse(shown) == (default[0] if isinstance(default, tuple) else default)


@pytest.mark.parametrize("option", ["--account", "--allow-host"])
def test_these_options_may_be_repeated(option: str) -> None:
    assert [setting.many for _, _, setting in settings() if setting.option == option] == [True]


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_port, "0", 0),
        (parse_port, "8080", 8080),
        (parse_port, "65535", 65535),
        (parse_ports, "9001-9999", range(9001, 10000)),
        (parse_ports, "9001", range(9001, 9002)),
        (parse_ports, "1-65535", range(1, 65536)),
        (parse_account, "username:password", Credentials("username", "password")),
        (parse_account, "a:b:c", Credentials("a", "b:c")),
        (parse_account, "j\u00fcrgen: pass word ", Credentials("j\u00fcrgen", " pass word ")),
        (parse_host, "localhost", "localhost"),
        (parse_host, "Redis.Example.ORG", "redis.example.org"),
        (parse_host, "compose_service-1", "compose_service-1"),
        (parse_host, "0.0.0.0", "0.0.0.0"),
        (parse_host, "::", "::"),
        (parse_host, "[::1]", "::1"),
        (parse_host, "0:0:0:0:0:0:0:1", "::1"),
        (parse_host, "a" * 253, "a" * 253),
        (parse_hostname, "redis.example.org", "redis.example.org"),
        (parse_hostname, "{server}.example.org", "{server}.example.org"),
        (parse_hostname, "{server}", "{server}"),
        (parse_hostname, "::1", "::1"),
        (parse_seed, "0", 0),
        (parse_seed, "-7", -7),
        (parse_seed, "9" * 30, 10**30 - 1),
        (parse_state, ":memory:", None),
        (parse_state, "state/rtgmock.json", Path("state/rtgmock.json")),
        *((parse_flag, text, True) for text in ("1", "true", "yes", "on", "TRUE", "Yes")),
        *((parse_flag, text, False) for text in ("0", "false", "no", "off", "False")),
        (parse_log_format, "text", "text"),
        (parse_log_format, "json", "json"),
        (parse_api, "2010", 2010),
        (parse_api, "2012", 2012),
    ],
)
def test_a_setting_is_read(parse: Callable[[str], Any], text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        *(
            (parse_port, text, f"{text!r} is not a port; write a number from 0 to 65535, 0 for a free one")
            for text in ("", " ", "-1", "+1", "65536", "999999", "http", "80 ", "\u0661")
        ),
        *(
            (parse_ports, text, f"{text!r} is not a port range; write the first and the last port, as 9001-9999")
            for text in (
                "",
                "0",
                "0-10",
                "9999-9001",
                "9001-",
                "-9001",
                "9001-65536",
                "9001 - 9999",
                "9001..9999",
                "a-b",
            )
        ),
        *(
            (parse_account, text, "an account is written as NAME:PASSWORD, both not empty")
            for text in ("", ":", "username", "username:", ":password")
        ),
        *(
            (parse_host, text, f"{text!r} is neither a host name nor an IP address")
            for text in (
                "",
                " ",
                "a b",
                "a/b",
                "a:80",
                "-a",
                ".a",
                "b\u00fccher.example",
                "a\n",
                "[",
                "{server}",
                "a" * 254,
            )
        ),
        (parse_hostname, "", "'' is neither a host name nor an IP address"),
        (parse_hostname, "a b", "'a b' is neither a host name nor an IP address"),
        (parse_hostname, "{host}.example.org", "'{host}.example.org' is neither a host name nor an IP address"),
        *(
            (parse_seed, text, f"{text!r} is not a whole number")
            for text in ("", "1.5", "+1", "seven", "0x7", "1_0", " 1", "9" * 31)
        ),
        (parse_state, "", "the state file's name is empty; write a path, or :memory: to keep nothing"),
        *(
            (
                parse_flag,
                text,
                f"{text!r} is neither yes nor no; accepted are 1, true, yes, on, 0, false, no, off",
            )
            for text in ("", "2", "maybe", "y", " yes", "tls", "\u0661")
        ),
        *(
            (parse_log_format, text, f"{text!r} is not a log format; accepted are text and json")
            for text in ("", "JSON", "xml")
        ),
        *(
            (parse_api, text, f"{text!r} is not a version of the API; accepted are 2010 and 2012")
            for text in ("", "2011", "v2012", " 2012", "\u0662\u0660\u0661\u0662")
        ),
    ],
)
def test_what_is_no_setting_is_refused_with_what_would_be_one(
    parse: Callable[[str], Any], text: str, message: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        parse(text)

    assert str(refused.value) == message


@pytest.mark.parametrize("option", ["--hostname", "--ports", "--boot-delay", "--server-memory"])
def test_every_parser_speaks_of_what_it_was_given(option: str) -> None:
    parse = next(setting.parse for _, _, setting in settings() if setting.option == option)

    with pytest.raises(ValueError, match=r"'\?!'"):
        parse("?!")


@pytest.mark.parametrize(
    "text", ["hunter2", ":hunter2", "name\n:hunter2", "name:hunter2\x00", "\x7f:hunter2", "a:hunter2\ud800"]
)
def test_a_refused_account_does_not_show_its_password(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse_account(text)

    assert "hunter2" not in str(refused.value)


@few
@given(st.text(st.characters(), max_size=20))
def test_an_account_is_read_whole_or_refused(text: str) -> None:
    try:
        name, password = parse_account(text)
    except ValueError:
        return
    assert f"{name}:{password}" == text
    assert name
    assert password
    assert ":" not in name


def test_two_accounts_may_not_have_one_name() -> None:
    accounts = (Credentials("ann", "one"), Credentials("bob", "two"), Credentials("ann", "three"))

    with pytest.raises(ValueError, match=r"^the account 'ann' is given twice; give each name once$"):
        Config(accounts=accounts)


def test_two_accounts_may_have_one_password() -> None:
    assert len(Config(accounts=(Credentials("ann", "one"), Credentials("bob", "one"))).accounts) == 2


def test_a_config_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fe80::1", "http://[fe80::1]:8080"),
        ("redis.example.org", "http://redis.example.org:8080"),
    ],
)
def test_a_client_on_this_machine_reaches_a_wildcard_by_loopback(host: str, url: str) -> None:
    assert local_url(host, 8080) == url
    assert local_url(host, 8080, tls=True) == url.replace("http", "https")


def test_brackets_around_an_address_are_not_part_of_it() -> None:
    assert parse_hostname("[::1]") == parse_hostname("::1") == "::1"
