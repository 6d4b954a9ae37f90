"""Parsers of the settings: each takes the text of an option or a variable, and raises ValueError if it is wrong.

The text of an error says what was given and what is accepted; it is the reason only, without a full stop.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rtgmock.model.attributes import APIS, BY_NAME
from rtgmock.model.plans import PLANS
from rtgmock.model.types import ACCOUNT_NAME, InvalidValue
from rtgmock.settings.engine_names import EngineName
from rtgmock.text import printable, shortened

MEMORY = ":memory:"
"""The value of ``--state`` with which nothing is written to a file."""
MAX_PORT = 65535
FIXTURE_NAMES = ("demo", "empty", "full-server", "hundred-instances")
"""The initial states that come with rtgmock."""
_FIXTURES = Path(__file__).parents[1] / "fixtures"
_INSTANCE_FORMS = "an instance is written as nano, nano:secret, nano@9001 or nano:secret@9001"


class Credentials(NamedTuple):
    """An account's name and password."""

    name: str
    password: str


ANY_ACCOUNT = Credentials("any", "")
"""Stands among the accounts for every name that none of them has, with any password. No account has an empty one."""


@dataclass(frozen=True)
class WantedInstance:
    """An instance that is there from the start; None leaves the password to chance, or the port to be found."""

    plan: str
    password: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        """Return it as it is written, without the password: an error or a log may show this."""
        return f"{self.plan}@{self.port}" if self.port else self.plan

    def given(self) -> dict[str, Any]:
        """Return the attributes that are given."""
        return {name: value for name, value in vars(self).items() if value is not None}


def parse_port(text: str) -> int:
    """Parse a TCP port from 0 to 65535; 0 asks for a free one."""
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > MAX_PORT:
        raise ValueError(f"{text!r} is not a port; write a number from 0 to {MAX_PORT}, 0 for a free one")
    return int(text)


def parse_ports(text: str) -> range:
    """Parse ``9001-9999``, both ends included, or a single port."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text, re.ASCII)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= MAX_PORT:
        raise ValueError(f"{text!r} is not a port range; write the first and the last port, as 9001-9999")
    return range(first, last + 1)


def parse_account(text: str) -> Credentials:
    """Parse ``NAME:PASSWORD``, or ``any``; the password may contain colons. No error shows the password."""
    if text == ANY_ACCOUNT.name:
        return ANY_ACCOUNT
    name, _, password = text.partition(":")
    return check_account((name, password))


def check_account(pair: tuple[str, ...]) -> Credentials:
    """Return a pair of name and password as an account. Raises ValueError, which does not show the password."""
    if pair is ANY_ACCOUNT:
        return ANY_ACCOUNT
    name, password, *rest = (*pair, "", "")
    if not (name and password) or any(rest):
        raise ValueError("an account is written as NAME:PASSWORD, both not empty, or as any, which lets every name in")
    if ":" in name:  # HTTP Basic sends NAME:PASSWORD, so that the server takes the first colon for the separator
        raise ValueError(f"the account name {name!r} has a colon in it, which HTTP Basic cannot send; name it without")
    if not (name.isprintable() and password.isprintable()):
        raise ValueError(f"the account {name!r} has a character in it that cannot be printed")
    if problem := name_problem(name):  # it would be stored, and the state file could not be opened again
        raise ValueError(f"the account's name {printable(name, 40)} {problem}")
    return Credentials(name, password)


def name_problem(name: str) -> str:
    """Return why no account can have a name, to be put after it; empty when one can."""
    try:
        ACCOUNT_NAME.parse(name)
    except InvalidValue as error:
        return str(error)
    if not name:
        return "is empty"
    return "" if name.isprintable() else "has a character that cannot be printed"


def parse_instance(text: str) -> WantedInstance:
    """Parse ``PLAN``, ``PLAN:PASSWORD``, ``PLAN@PORT`` or ``PLAN:PASSWORD@PORT``. No error shows the password.

    The last ``@`` begins the port, so that a password may contain others.
    """
    rest, at, port = text.rpartition("@") if "@" in text else (text, "", "")
    plan, colon, password = rest.partition(":")
    if plan not in PLANS:
        raise ValueError(f"{shortened(plan)!r} is not a plan; accepted are {', '.join(PLANS)}")
    if at and not (re.fullmatch(r"\d{1,5}", port, re.ASCII) and 1 <= int(port) <= MAX_PORT):
        raise ValueError(f"what follows the last @ is not a port from 1 to {MAX_PORT}; {_INSTANCE_FORMS}")
    if colon and not password:
        raise ValueError(f"the password is empty; {_INSTANCE_FORMS}")
    try:
        secret = str(BY_NAME["password"].parse(password)) if colon else None
    except InvalidValue as error:
        raise ValueError(f"the password {error}") from error
    return WantedInstance(plan, secret, int(port) if at else None)


def parse_host(text: str) -> str:
    """Parse a host name, in lower case, or an IP address; an IPv6 address may be in brackets."""
    if match := re.fullmatch(r"\[?([0-9A-Fa-f:.]+)\]?", text):
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(match[1]))
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}", text):
        return text.lower()
    raise ValueError(f"{text!r} is neither a host name nor an IP address")


def parse_allowed_host(text: str) -> str:
    """Parse a host, or a domain with a dot before it, ``.example.org``, which stands for all names under it."""
    return f".{parse_host(text[1:])}" if text.startswith(".") else parse_host(text)


def parse_hostname(text: str) -> str:
    """Parse the host for the instances' URLs, which may contain ``{server}``."""
    if "{server}" not in text:
        return parse_host(text)
    parse_host("x" + text.replace("{server}", ""))  # a server's name is letters: any letter does for the check
    return text


def parse_seed(text: str) -> int:
    """Parse a whole number of up to 30 digits."""
    if not re.fullmatch(r"-?\d{1,30}", text, re.ASCII):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def parse_state(text: str) -> Path | None:
    """Parse the path of the state file; ``:memory:`` gives None."""
    if not text:
        raise ValueError(f"the state file's name is empty; write a path, or {MEMORY} to keep nothing")
    return None if text == MEMORY else parse_file(text)


def parse_file(text: str) -> Path:
    """Parse the path of a file. A path that can only be a folder is refused."""
    path = Path(text)
    if not path.name or "\0" in text or text.endswith(("/", os.sep)) or path.name == "..":
        raise ValueError(f"{text!r} is not the name of a file")
    return path


def parse_fixture(text: str) -> Path:
    """Parse the name of a fixture that comes with rtgmock, or the path of a file.

    A name means the same in every folder: a file that has it is written with its folder, as ``./demo``.
    """
    own = own_fixtures()
    if text in own:
        return own[text]
    path = parse_file(text)
    return path.absolute() if str(path) in own else path  # a relative path could be taken for the name later on


def own_fixtures() -> dict[str, Path]:
    """Return the files of the fixtures that come with rtgmock, by their names."""
    return {name: _FIXTURES / f"{name}.json" for name in FIXTURE_NAMES}


def parse_log_format(text: str) -> str:
    """Parse the name of a log format."""
    if text not in {"text", "json"}:
        raise ValueError(f"{text!r} is not a log format; accepted are text and json")
    return text


def parse_api(text: str) -> int:
    """Parse the year of a version of the API."""
    if text not in map(str, APIS):
        raise ValueError(f"{text!r} is not a version of the API; accepted are {' and '.join(map(str, APIS))}")
    return int(text)


def parse_name(text: str) -> str:
    """Parse the name of a program or an image."""
    if not text.strip() or not text.isprintable():
        raise ValueError(f"{text!r} is not a name")
    return text


def parse_redis(text: str) -> str:
    """Parse the name of an engine."""
    if text not in set(EngineName):
        *names, last = EngineName
        raise ValueError(f"{text!r} is not an engine; accepted are {', '.join(names)} and {last}")
    return text


def parse_flag(text: str) -> bool:
    """Parse the environment variable of an option that has no value on the command line."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(f"{text!r} is neither yes nor no; accepted are {', '.join(words)}")
    return words[text.lower()]
