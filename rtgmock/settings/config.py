"""The settings of ``rtgmock serve``: one field each, and the only place that lists them.

The command line, the environment variables and the README's table read the fields' metadata.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from rtgmock.model.attributes import APIS, DOCUMENTED
from rtgmock.model.lifecycle import BootDelay
from rtgmock.model.types import ACCOUNT_NAME, InvalidValue
from rtgmock.settings.engine_names import EngineName
from rtgmock.settings.parsers import (
    MEMORY,
    Credentials,
    account,
    parse_account,
    parse_api,
    parse_file,
    parse_flag,
    parse_host,
    parse_hostname,
    parse_log_format,
    parse_name,
    parse_port,
    parse_ports,
    parse_redis,
    parse_seed,
    parse_state,
)
from rtgmock.text import GB, nearest, parse_size, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


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
        "|".join(EngineName),
        "off",
        parse_redis,
        f"What runs the instances' Redis servers: {', '.join(f'{name.runs} ({name})' for name in EngineName)}.",
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
        names = [name for name, _ in self.accounts]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"the account {twice[0]!r} is given twice; give each name once")
        for name in names:
            try:
                ACCOUNT_NAME.parse(name)
            except InvalidValue as error:  # it would be stored, and the state file could not be opened again
                raise ValueError(f"the account's name {printable(name, 40)} {error}") from error


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


EPHEMERAL_DEFAULTS = {"port": "0", "state": MEMORY}
"""What is else where an emulator is not served by itself, but started for a program: as the command line writes it."""


def configured(given: Settings) -> Config:
    """A configuration from keywords. Unlike the command, it takes a free port and keeps nothing unless told so.

    Raises ValueError, which names the setting, for a value that the command line would refuse as well.
    """
    rows = {name: setting for name, _, setting in settings()}
    values: dict[str, Any] = {name: rows[name].parse(text) for name, text in EPHEMERAL_DEFAULTS.items()}
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
    if isinstance(value, tuple):
        return account(*value)
    if value is None or isinstance(value, bool | range | BootDelay):
        return value
    return setting.parse(str(value))


def settings() -> Iterator[tuple[str, Any, Setting]]:
    """Every setting with the name of its field and its default, in the order in which help shows them."""
    for field in dataclasses.fields(Config):
        yield field.name, field.default, field.metadata["setting"]
