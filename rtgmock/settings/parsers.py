"""How the settings' values are written: each is read from the text of an option or a variable, or refused."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from pathlib import Path
from typing import NamedTuple

from rtgmock.model.attributes import APIS
from rtgmock.settings.engine_names import EngineName

MEMORY = ":memory:"
HIGHEST_PORT = 65535


class Credentials(NamedTuple):
    """An account's name and password."""

    name: str
    password: str


def parse_port(text: str) -> int:
    """Read a TCP port; 0 stands for a free one. Raises ValueError."""
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > HIGHEST_PORT:
        raise ValueError(f"{text!r} is not a port; write a number from 0 to {HIGHEST_PORT}, 0 for a free one")
    return int(text)


def parse_ports(text: str) -> range:
    """Read ``9001-9999`` or a single port. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text, re.ASCII)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= HIGHEST_PORT:
        raise ValueError(f"{text!r} is not a port range; write the first and the last port, as 9001-9999")
    return range(first, last + 1)


def parse_account(text: str) -> Credentials:
    """Parse ``NAME:PASSWORD``; the password may contain colons. Raises ValueError that shows no password."""
    name, _, password = text.partition(":")
    return account(name, password)


def account(name: str, password: str) -> Credentials:
    """Check the two halves of an account. Raises ValueError that shows no password."""
    if not (name and password):
        raise ValueError("an account is written as NAME:PASSWORD, both not empty")
    if ":" in name:  # HTTP Basic sends NAME:PASSWORD, so that the server takes the first colon for the separator
        raise ValueError(f"the account name {name!r} has a colon in it, which HTTP Basic cannot send; name it without")
    if not (name.isprintable() and password.isprintable()):
        raise ValueError(f"the account {name!r} has a character in it that cannot be printed")
    return Credentials(name, password)


def parse_host(text: str) -> str:
    """Read a host name or an IP address, an IPv6 one with or without brackets. Raises ValueError."""
    if match := re.fullmatch(r"\[?([0-9A-Fa-f:.]+)\]?", text):
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(match[1]))
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}", text):
        return text.lower()
    raise ValueError(f"{text!r} is neither a host name nor an IP address")


def parse_hostname(text: str) -> str:
    """Read what URLs shall advertise: a host in which ``{server}`` may stand. Raises ValueError."""
    if "{server}" not in text:
        return parse_host(text)
    parse_host("x" + text.replace("{server}", ""))
    return text


def parse_seed(text: str) -> int:
    """Read a whole number. Raises ValueError."""
    if not re.fullmatch(r"-?\d{1,30}", text, re.ASCII):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def parse_state(text: str) -> Path | None:
    """Read the state file's path; ``:memory:`` is None. Raises ValueError."""
    if not text:
        raise ValueError(f"the state file's name is empty; write a path, or {MEMORY} to keep nothing")
    return None if text == MEMORY else parse_file(text)


def parse_file(text: str) -> Path:
    """Read a file's path. Raises ValueError for what can only be a folder."""
    path = Path(text)
    if not path.name or "\0" in text or text.endswith(("/", os.sep)) or path.name == "..":
        raise ValueError(f"{text!r} is not the name of a file")
    return path


def parse_log_format(text: str) -> str:
    """Read ``text`` or ``json``. Raises ValueError."""
    if text not in {"text", "json"}:
        raise ValueError(f"{text!r} is not a log format; accepted are text and json")
    return text


def parse_api(text: str) -> int:
    """Read the year of a version of the API. Raises ValueError."""
    if text not in map(str, APIS):
        raise ValueError(f"{text!r} is not a version of the API; accepted are {' and '.join(map(str, APIS))}")
    return int(text)


def parse_name(text: str) -> str:
    """Read the name of a program or an image. Raises ValueError."""
    if not text.strip() or not text.isprintable():
        raise ValueError(f"{text!r} is not a name")
    return text


def parse_redis(text: str) -> str:
    """Parse the name of an engine. Raises ValueError that lists the engines."""
    if text not in set(EngineName):
        *names, last = EngineName
        raise ValueError(f"{text!r} is not an engine; accepted are {', '.join(names)} and {last}")
    return text


def parse_flag(text: str) -> bool:
    """Read what the variable of an option without a value says. Raises ValueError."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(f"{text!r} is neither yes nor no; accepted are {', '.join(words)}")
    return words[text.lower()]
