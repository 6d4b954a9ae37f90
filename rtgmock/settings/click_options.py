"""The table of settings as options of a command line, for whoever has one: the commands and the pytest plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rtgmock.settings.config import EPHEMERAL_DEFAULTS, Config, Setting, settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only from click 8.4 on

_COMMAND_LINE = click.core.ParameterSource.COMMANDLINE


class _Read(_ParamType):
    """A value as the table of settings reads it."""

    def __init__(self, setting: Setting) -> None:
        self.name = setting.metavar
        self._parse = setting.parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class _ReadFlag(_Read, click.types.BoolParamType):
    """A value that only a variable can have; the option itself is given or not."""


def options(*names: str) -> list[click.Parameter]:
    """Rows of the table, all of them by default, as options with their environment variables."""
    return [_option(name, default, setting) for name, default, setting in settings() if not names or name in names]


def ephemeral_options() -> list[click.Parameter]:
    """The same for an emulator that is started for a program, which need not wait for any ready file.

    The variables of what is else there are not read: they are about an emulator that is served.
    """
    return [
        _option(name, setting.parse(EPHEMERAL_DEFAULTS[name]), setting, EPHEMERAL_DEFAULTS[name])
        if name in EPHEMERAL_DEFAULTS
        else _option(name, default, setting)
        for name, default, setting in settings()
        if name != "ready_file"
    ]


def _option(name: str, default: Any, setting: Setting, instead: str = "") -> click.Option:
    """A row as an option. One that has another default than ``serve`` has it ``instead``, and reads no variable."""
    variable = "" if instead else f"env: {setting.variable}; "
    flag = not setting.metavar
    return click.Option(
        [setting.option, name],
        type=_ReadFlag(setting) if flag else _Read(setting),
        is_flag=flag,
        default=default,
        metavar=setting.metavar or None,
        multiple=setting.many,
        envvar=None if instead else setting.variable,
        help=f"{setting.help}  [{variable}default: {instead or setting.shown_default}]",
    )


def build_config(given: dict[str, Any]) -> Config:
    """The configuration that options give together. Raises click.UsageError."""
    try:
        return Config(**given)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error


def given(arguments: Iterable[str], *, exclude: Collection[str]) -> dict[str, Any]:
    """The settings that words of a command line give, by name; no variables. Raises ValueError that says what is wrong.

    There are no options for the settings ``exclude``.
    """
    rows = [_option(name, None, setting, "none") for name, _, setting in settings() if name not in exclude]
    command = click.Command("rtgmock", params=list(rows), add_help_option=False)
    try:
        with command.make_context("rtgmock", list(arguments)) as context:
            source = context.get_parameter_source
            values = {name: value for name, value in context.params.items() if source(name) is _COMMAND_LINE}
    except click.UsageError as error:
        raise ValueError(error.format_message()) from error
    return values
