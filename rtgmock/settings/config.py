"""THE table of settings: one row for each, and the only place that lists them.

The command line, the environment variables, the keywords in Python and the README's table are read from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from rtgmock.folders import DEFAULT_STATE
from rtgmock.model.attributes import APIS, DOCUMENTED
from rtgmock.model.lifecycle import BootDelay
from rtgmock.settings.engine_names import EngineName
from rtgmock.settings.parsers import (
    ANY_ACCOUNT,
    FIXTURE_NAMES,
    MEMORY,
    Credentials,
    WantedInstance,
    parse_account,
    parse_allowed_host,
    parse_api,
    parse_file,
    parse_fixture,
    parse_flag,
    parse_host,
    parse_hostname,
    parse_instance,
    parse_log_format,
    parse_name,
    parse_port,
    parse_ports,
    parse_redis,
    parse_seed,
    parse_state,
)
from rtgmock.settings.setting import Setting
from rtgmock.text import nearest, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one emulator. Sizes are in bytes, delays in seconds; without a ``state`` nothing is kept.

    The constructor accepts each setting as the command line writes it, or as it is held. Raises ValueError, which names
    the setting, for a value that the command line would refuse as well.
    """

    host: Setting[str, str] = Setting(
        "--host", "HOST", "127.0.0.1", parse_host, "Address to listen on; localhost means both loopback addresses."
    )
    port: Setting[int | str, int] = Setting(
        "--port",
        "PORT",
        "8080",
        parse_port,
        "Port to listen on; 0 takes a free one.",
        ephemeral_default="0",
        serve_only=True,
    )
    state: Setting[Path | str | None, Path | None] = Setting(
        "--state",
        "FILE",
        DEFAULT_STATE.as_posix(),
        parse_state,
        f"TinyDB file that holds the state; what else is kept is beside it. {MEMORY} keeps nothing.",
        ephemeral_default=MEMORY,
        serve_only=True,
    )
    accounts: Setting[Iterable[tuple[str, str] | str], tuple[Credentials, ...]] = Setting(
        "--account",
        "NAME:PASSWORD|any",
        "username:password",
        parse_account,
        "Account that may use the API; any lets every other name in, with any password; may be repeated.",
        many=True,
    )
    instances: Setting[Iterable[WantedInstance | str], tuple[WantedInstance, ...]] = Setting(
        "--instance",
        "PLAN[:PASSWORD][@PORT]",
        "none",
        parse_instance,
        "Instance of the first account that is there from the start, with a known password or port; may be repeated.",
        many=True,
        unset=True,
    )
    api: Setting[int | str, int] = Setting(
        "--api",
        "|".join(map(str, APIS)),
        str(DOCUMENTED),
        parse_api,
        "Version of the API: as documented in 2010, or as recorded in 2012, with more attributes and settings.",
    )
    redis: Setting[str, str] = Setting(
        "--redis",
        "|".join(EngineName),
        EngineName.AUTO,
        parse_redis,
        f"What runs the instances' Redis servers: {', '.join(f'{name.runs} ({name})' for name in EngineName)}.",
        ephemeral_default=EngineName.OFF,
    )
    redis_server: Setting[str | None, str | None] = Setting(
        "--redis-server",
        "PATH",
        "the first on PATH, else that of rtgmock[redis]",
        parse_name,
        "The redis-server or valkey-server that --redis process runs; naming one means --redis process.",
        unset=True,
    )
    redis_image: Setting[str, str] = Setting(
        "--redis-image", "IMAGE", "redis:7-alpine", parse_name, "The image that --redis docker runs."
    )
    ports: Setting[range | str, range] = Setting(
        "--ports", "FIRST-LAST", "9001-9999", parse_ports, "Range of ports for the instances."
    )
    hostname: Setting[str | None, str | None] = Setting(
        "--hostname",
        "HOST",
        "the request's own host",
        parse_hostname,
        "Host that the instances' URLs advertise; {server} in it is replaced with the name of the instance's server.",
        unset=True,
    )
    server_memory: Setting[int | str, int] = Setting(
        "--server-memory", "SIZE", "64GB", parse_size, "Memory of each server; an upgrade that does not fit is refused."
    )
    boot_delay: Setting[BootDelay | float | str, BootDelay] = Setting(
        "--boot-delay",
        "DELAY",
        "0",
        BootDelay.parse,
        "How long a new instance is starting: a number of seconds, or 3reads: the third read finds it running.",
    )
    random_seed: Setting[int | str | None, int | None] = Setting(
        "--random-seed",
        "N",
        "none",
        parse_seed,
        "Seed of everything random: passwords and server names repeat from run to run.",
        unset=True,
    )
    fixture: Setting[Path | str | None, Path | None] = Setting(
        "--fixture",
        "FILE|NAME",
        "none",
        parse_fixture,
        f"Initial state: a JSON file, or {', '.join(FIXTURE_NAMES[:-1])} or {FIXTURE_NAMES[-1]}, which come with "
        "rtgmock; loaded into a state that never had an instance, and at every reset.",
        unset=True,
    )
    tls: Setting[bool, bool] = Setting(
        "--tls", "", "off", parse_flag, "Serve HTTPS, with a certificate from a CA that is kept beside the state file."
    )
    log_format: Setting[str, str] = Setting(
        "--log-format", "text|json", "text", parse_log_format, "Format of the log on the standard error."
    )
    allow_hosts: Setting[Iterable[str], tuple[str, ...]] = Setting(
        "--allow-host",
        "NAME",
        "none",
        parse_allowed_host,
        "Additional Host header to accept, or with a dot before it all names of a domain; may be repeated.",
        many=True,
        unset=True,
    )
    ready_file: Setting[Path | str | None, Path | None] = Setting(
        "--ready-file",
        "FILE",
        "none",
        parse_file,
        "File to write the URL to as soon as requests are answered; removed at the end.",
        unset=True,
    )

    def __post_init__(self) -> None:
        names = [name for name, _ in self.named_accounts]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"the account {twice[0]!r} is given twice; give each name once")
        ports = [instance.port for instance in self.instances if instance.port]
        if shared := [port for port in ports if ports.count(port) > 1]:
            raise ValueError(f"two instances have the port {shared[0]}; give each its own")
        if self.redis == EngineName.AUTO and self.redis_server:
            vars(self)["redis"] = EngineName.PROCESS.value

    @property
    def admits_any(self) -> bool:
        """Whether every name is an account."""
        return ANY_ACCOUNT in self.accounts

    @property
    def named_accounts(self) -> tuple[Credentials, ...]:
        """The accounts that have a password."""
        return tuple(account for account in self.accounts if account != ANY_ACCOUNT)

    @property
    def first_account(self) -> Credentials:
        """The account of what is made without a request: the first one with a password, else the default one."""
        return (*self.named_accounts, *type(self).accounts)[0]

    @property
    def initial_accounts(self) -> tuple[Credentials, ...]:
        """The accounts that are there from the start."""
        return (self.first_account,) if self.accounts == (ANY_ACCOUNT,) else self.named_accounts


SETTINGS: dict[str, Setting[Any, Any]] = {name: row for name, row in vars(Config).items() if isinstance(row, Setting)}
"""The rows of the table by the names of their fields, in the order in which help shows them."""


def ephemeral_config(**settings: Any) -> Config:
    """Return the configuration of an emulator that is started for a program: by default in memory, on a free port.

    It runs no Redis servers by default, unless a server is named. Raises ValueError, which names the setting.
    """
    for name in settings:
        if name in SETTINGS:
            continue
        guess = nearest(name, SETTINGS)
        hint = f"did you mean {guess}?" if guess else f"accepted are {', '.join(SETTINGS)}"
        raise ValueError(f"there is no setting {name}; {hint}")
    defaults = {name: row.ephemeral_default for name, row in SETTINGS.items() if row.ephemeral_default is not None}
    if settings.get("redis_server"):
        del defaults["redis"]
    return Config(**{**defaults, **settings})


def _keywords_of(config: Callable[P, Config]) -> Callable[[Callable[..., R]], Callable[Concatenate[Any, P], R]]:
    del config  # only type checkers use it
    return lambda method: method


takes_settings = _keywords_of(Config)
"""Tells type checkers that a method's ``**settings`` are the keywords of ``Config``; does nothing at run time."""
