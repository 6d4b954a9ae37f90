"""The parsers of the settings: what each accepts, and the sentence with which it refuses the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.settings.config import SETTINGS
from rtgmock.settings.parsers import (
    ANY_ACCOUNT,
    Credentials,
    WantedInstance,
    parse_account,
    parse_api,
    parse_flag,
    parse_host,
    parse_hostname,
    parse_instance,
    parse_log_format,
    parse_port,
    parse_ports,
    parse_seed,
    parse_state,
)
from tests.support.values import few

if TYPE_CHECKING:
    from collections.abc import Callable


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
        (parse_account, "any", ANY_ACCOUNT),
        (parse_account, "any:x", Credentials("any", "x")),
        (parse_account, "j\u00fcrgen: pass word ", Credentials("j\u00fcrgen", " pass word ")),
        (parse_instance, "nano", WantedInstance("nano")),
        (parse_instance, "nano:secret", WantedInstance("nano", "secret")),
        (parse_instance, "smedium@9001", WantedInstance("smedium", None, 9001)),
        (parse_instance, "nano:secret@9001", WantedInstance("nano", "secret", 9001)),
        (parse_instance, "nano:a:b@c@65535", WantedInstance("nano", "a:b@c", 65535)),
        (parse_instance, "nano:open sesame", WantedInstance("nano", "open sesame")),
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
def test_a_valid_text_is_parsed(parse: Callable[[str], Any], text: str, value: Any) -> None:
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
            (
                parse_account,
                text,
                "an account is written as NAME:PASSWORD, both not empty, or as any, which lets every name in",
            )
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
def test_an_invalid_text_is_refused_with_what_is_accepted(parse: Callable[[str], Any], text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        parse(text)

    assert str(refused.value) == message


@pytest.mark.parametrize("option", ["--hostname", "--ports", "--boot-delay", "--server-memory"])
def test_every_parser_quotes_what_it_was_given(option: str) -> None:
    parse = next(setting.parse for setting in SETTINGS.values() if setting.option == option)

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
def test_an_account_is_parsed_without_loss_or_refused(text: str) -> None:
    try:
        name, password = parse_account(text)
    except ValueError:
        return
    assert f"{name}:{password}" == text
    assert name
    assert password
    assert ":" not in name


def test_brackets_around_an_address_are_removed() -> None:
    assert parse_hostname("[::1]") == parse_hostname("::1") == "::1"
