"""The table of settings as Click options, for the commands and for the pytest plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from rtgmock.settings.config import SETTINGS, Config

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rtgmock.settings.setting import Setting

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only from click 8.4 on


class _SettingType(_ParamType):
    """Converts a text with the setting's parser, and gives a shell what may be written."""

    def __init__(self, setting: Setting[Any, Any]) -> None:
        self.name = setting.metavar
        self._parse = setting.parse
        self._words = setting.words
        self._is_path = setting.is_path

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):  # Click passes defaults through here, too
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            raise click.BadParameter(as_sentence(error), ctx, param, variable_hint(param, ctx)) from error

    def shell_complete(self, _: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the words that begin as what is typed does, or let the shell complete the name of a file."""
        if self._is_path:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(word) for word in self._words if word.startswith(incomplete)]


class _FlagType(_SettingType, click.types.BoolParamType):
    """Converts the text of a flag's environment variable.

    Click takes an option for a flag only if its type is a BoolParamType.
    """


def variable_hint(param: click.Parameter | None, ctx: click.Context | None) -> str | None:
    """Return the variable that an error must name, because the value came from it; None if it came otherwise."""
    is_variable = param and param.name and ctx and ctx.get_parameter_source(param.name) is ParameterSource.ENVIRONMENT
    return f"'{param.envvar}'" if param and is_variable else None


def as_sentence(error: ValueError) -> str:
    """Return the reason that a parser gives as a sentence with one full stop."""
    return f"{str(error).rstrip('.')}."


def options(*names: str) -> list[click.Parameter]:
    """Return the options of ``serve`` with their environment variables; all of them, or those with the given names."""
    return [_option(name, row) for name, row in SETTINGS.items() if not names or name in names]


def setting_option(name: str, text: str) -> click.Parameter:
    """Return a setting's option with another help, for a command that uses its value differently."""
    option = _option(name, SETTINGS[name])
    option.help = text
    return option


def ephemeral_options() -> list[click.Parameter]:
    """Return the options of an emulator that is started for a program, which needs no ready file."""
    return [
        _option(name, row, default=row.ephemeral_default, from_environment=not row.serve_only)
        for name, row in SETTINGS.items()
        if name != "ready_file"
    ]


def _option(
    name: str, row: Setting[Any, Any], *, default: str | None = None, from_environment: bool = True
) -> click.Option:
    """Return a row as an option; ``default``, written as on the command line, takes the place of the row's default."""
    flag = not row.metavar
    variable = f"env: {row.variable}; " if from_environment else ""
    return click.Option(
        [row.option, name],
        type=_FlagType(row) if flag else _SettingType(row),
        is_flag=flag,
        default=row.default if default is None else row.convert(default),
        metavar=row.metavar or None,
        multiple=row.many,
        envvar=row.variable if from_environment else None,
        help=f"{row.help}  [{variable}default: {default or row.shown_default}]",
    )


def build_config(parameters: dict[str, Any]) -> Config:
    """Return the configuration from the values of all options. Raises click.UsageError."""
    try:
        return Config(**parameters)
    except ValueError as error:
        raise click.UsageError(as_sentence(error)) from error


def parse_options(words: Iterable[str], *, exclude: Collection[str]) -> dict[str, Any]:
    """Return the settings that the words of a command line set, by name.

    Environment variables and defaults are not included. The settings ``exclude`` have no option.
    Raises ValueError with a sentence.
    """
    rows = [_option(name, row, from_environment=False) for name, row in SETTINGS.items() if name not in exclude]
    command = click.Command("rtgmock", params=list(rows), add_help_option=False)
    try:
        with command.make_context("rtgmock", list(words)) as context:
            source = context.get_parameter_source
            on_command_line = ParameterSource.COMMANDLINE
            return {name: value for name, value in context.params.items() if source(name) is on_command_line}
    except click.UsageError as error:
        raise ValueError(error.format_message()) from error
