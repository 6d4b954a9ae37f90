"""The settings of ``rtgmock serve``: one field each, and the only place that lists them.

The command line, the environment variables and the README's table read the fields' metadata.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from rtgmock.attributes import APIS, DOCUMENTED
from rtgmock.lifecycle import BootDelay
from rtgmock.text import GB, nearest, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MEMORY = ":memory:"
SERVICE = ("redistogo.com", "www.redistogo.com")
"""The names that the service had, to which the emulator answers as well."""
HIGHEST_PORT = 65535
CONTROL_PATH = "/_rtgmock"
HEALTH_PATH = f"{CONTROL_PATH}/health"
OPENAPI_PATH = f"{CONTROL_PATH}/openapi.json"
BODY_LIMIT = 2**20
"""Bytes that a request's body may have (ours)."""


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
    """Read ``NAME:PASSWORD``; the password may have colons. Raises ValueError that shows no password."""
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise ValueError("an account is written as NAME:PASSWORD, both not empty")
    if not text.isprintable():
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


def reachable(host: str) -> str:
    """What a client on this machine connects to for what listens on ``host``, a wildcard included."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - translated, not bound


def local_url(host: str, port: int | str, *, tls: bool = False) -> str:
    """The URL by which a client on this machine reaches what listens on an address."""
    name = reachable(host)
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


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
    """Read the name of an engine. Raises ValueError."""
    if text not in {"off", "process", "docker", "auto"}:
        raise ValueError(f"{text!r} is not an engine; accepted are off, process, docker and auto")
    return text


def parse_flag(text: str) -> bool:
    """Read what the variable of an option without a value says. Raises ValueError."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(f"{text!r} is neither yes nor no; accepted are {', '.join(words)}")
    return words[text.lower()]


class Setting(NamedTuple):
    """What the metadata of a field says: how it is written on the command line, read and explained.

    An option without a metavar has no value: it is given or not.
    """

    option: str
    metavar: str
    shown_default: str
    parse: Callable[[str], Any]
    help: str
    many: bool

    @property
    def usage(self) -> str:
        """The option as it is written on the command line."""
        return f"{self.option} {self.metavar}".rstrip()

    @property
    def variable(self) -> str:
        """The environment variable that stands for the option."""
        return "RTGMOCK_" + self.option.removeprefix("--").replace("-", "_").upper()


def _setting(
    option: str,
    metavar: str,
    shown_default: str,
    parse: Callable[[str], Any],
    text: str,
    *,
    many: bool = False,
    default: Any,
) -> Any:
    row = Setting(option, metavar, shown_default, parse, text, many)
    return dataclasses.field(default=default, metadata={"setting": row})


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one emulator. Sizes are bytes, delays seconds; ``state`` None keeps nothing."""

    host: str = _setting("--host", "HOST", "127.0.0.1", parse_host, "Address to listen on.", default="127.0.0.1")
    port: int = _setting("--port", "PORT", "8080", parse_port, "Port to listen on; 0 takes a free one.", default=8080)
    state: Path | None = _setting(
        "--state",
        "FILE",
        "rtgmock.json",
        parse_state,
        f"TinyDB file that holds the state; {MEMORY} keeps nothing.",
        default=Path("rtgmock.json"),
    )
    accounts: tuple[Credentials, ...] = _setting(
        "--account",
        "NAME:PASSWORD",
        "username:password",
        parse_account,
        "Account that may use the API; may be repeated.",
        many=True,
        default=(Credentials("username", "password"),),
    )
    api: int = _setting(
        "--api",
        "|".join(map(str, APIS)),
        str(DOCUMENTED),
        parse_api,
        "Version of the API: as documented in 2010, or as recorded in 2012, with more attributes and settings.",
        default=DOCUMENTED,
    )
    redis: str = _setting(
        "--redis",
        "off|process|docker|auto",
        "off",
        parse_redis,
        "Who runs the instances' Redis: nobody, child processes, containers, or what there is of the latter two.",
        default="off",
    )
    redis_server: str | None = _setting(
        "--redis-server",
        "PATH",
        "the first on PATH",
        parse_name,
        "The redis-server or valkey-server that --redis process runs.",
        default=None,
    )
    redis_image: str = _setting(
        "--redis-image",
        "IMAGE",
        "redis:7-alpine",
        parse_name,
        "The image that --redis docker runs.",
        default="redis:7-alpine",
    )
    ports: range = _setting(
        "--ports",
        "FIRST-LAST",
        "9001-9999",
        parse_ports,
        "Port range of the instances.",
        default=range(9001, 10000),
    )
    hostname: str | None = _setting(
        "--hostname",
        "HOST",
        "the request's own host",
        parse_hostname,
        "Host that the instances' URLs advertise; {server} in it stands for the server's name.",
        default=None,
    )
    server_memory: int = _setting(
        "--server-memory",
        "SIZE",
        "64GB",
        parse_size,
        "Memory of one server, for upgrades that don't fit.",
        default=64 * GB,
    )
    boot_delay: BootDelay = _setting(
        "--boot-delay",
        "DELAY",
        "0",
        BootDelay.parse,
        "How long an instance is starting: seconds, or 3reads: until the third time that it is read.",
        default=BootDelay(),
    )
    random_seed: int | None = _setting(
        "--random-seed",
        "N",
        "none",
        parse_seed,
        "Passwords and server names repeat from run to run.",
        default=None,
    )
    fixture: Path | None = _setting(
        "--fixture",
        "FILE",
        "none",
        parse_file,
        "JSON file with the state to begin with: loaded into a state that never had an instance, and at every reset.",
        default=None,
    )
    tls: bool = _setting(
        "--tls",
        "",
        "off",
        parse_flag,
        "Serve HTTPS, with a certificate from an authority of its own, kept beside the state file.",
        default=False,
    )
    log_format: str = _setting(
        "--log-format", "text|json", "text", parse_log_format, "Form of the access log.", default="text"
    )
    allow_hosts: tuple[str, ...] = _setting(
        "--allow-host",
        "NAME",
        "none",
        parse_host,
        "Further Host to answer to; may be repeated.",
        many=True,
        default=(),
    )
    ready_file: Path | None = _setting(
        "--ready-file",
        "FILE",
        "none",
        parse_file,
        "Written, with the URL, when requests are answered.",
        default=None,
    )

    def __post_init__(self) -> None:
        names = [account.name for account in self.accounts]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"the account {twice[0]!r} is given twice; give each name once")


class Settings(TypedDict, total=False):
    """The same settings as keywords, for Python: each as the command line writes it, or as ``Config`` holds it."""

    host: str
    port: int | str
    state: Path | str | None
    accounts: Iterable[Credentials | tuple[str, str] | str]
    api: int | str
    redis: str
    redis_server: str | None
    redis_image: str
    ports: range | str
    hostname: str | None
    server_memory: int | str
    boot_delay: BootDelay | float | str
    random_seed: int | None
    fixture: Path | str | None
    tls: bool
    log_format: str
    allow_hosts: Iterable[str]
    ready_file: Path | str | None


FRESH = {"port": "0", "state": MEMORY}
"""What is else where an emulator is not served by itself, but started for a program: as the command line writes it."""


def configured(given: Settings) -> Config:
    """A configuration from keywords. Unlike the command, it takes a free port and keeps nothing unless told so.

    Raises ValueError, which names the setting, for a value that the command line would refuse as well.
    """
    rows = {name: setting for name, _, setting in settings()}
    values: dict[str, Any] = {name: rows[name].parse(text) for name, text in FRESH.items()}
    for name, value in given.items():
        if name not in rows:
            meant = nearest(name, rows)
            guess = f"did you mean {meant}?" if meant else f"accepted are {', '.join(rows)}"
            raise ValueError(f"there is no setting {name}; {guess}")
        values[name] = _written(name, value, rows[name])
    return Config(**values)


def _written(name: str, value: Any, setting: Setting) -> Any:
    """A setting's value as ``Config`` holds it, read by the table where it is as the command line writes it."""
    try:
        if setting.many:
            each = [value] if isinstance(value, str) else value
            return tuple(_read_one(item, setting) for item in each)
        return _read_one(value, setting)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _read_one(value: Any, setting: Setting) -> Any:
    if value is None or isinstance(value, bool | range | BootDelay | Credentials):
        return value
    return setting.parse(":".join(value) if isinstance(value, tuple) else str(value))


def settings() -> Iterator[tuple[str, Any, Setting]]:
    """Every setting with the name of its field and its default, in the order in which help shows them."""
    for field in dataclasses.fields(Config):
        yield field.name, field.default, field.metadata["setting"]
