"""Groups of commands: one whose help has sections, and one that shows something when no command is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SectionedGroup(click.Group):
    """A group whose help lists its commands in ``sections``. It fits a terminal of 24 lines and 80 columns."""

    def __init__(self, *arguments: Any, sections: Mapping[str, Sequence[click.Command]], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._sections = sections
        for command in (one for section in sections.values() for one in section):
            self.add_command(command)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - Click's
        """Write the sections in place of the two options, which every program has."""
        for title, commands in self._sections.items():
            rows = [(str(command.name), command.get_short_help_str(60)) for command in commands]
            with formatter.section(title):
                formatter.write_dl(rows)


class ShowGroup(click.Group):
    """A group that runs its command ``show`` when none is named: ``rtgmock clock --json``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``show`` before the options of a command line that names no command."""
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else ["show", *args])
