"""``Setting``: what a row of the table of settings consists of, and how it converts a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from rtgmock.model.lifecycle import BootDelay
from rtgmock.settings.parsers import WantedInstance, check_account

if TYPE_CHECKING:
    from collections.abc import Callable

Accepted = TypeVar("Accepted")
"""What the constructor of ``Config`` accepts: a value as the command line writes it, or as Python would."""
Held = TypeVar("Held")
"""What ``Config`` holds, and gives when the attribute is read."""


class Setting(Generic[Accepted, Held]):
    """One row of the table: a field of the dataclass ``Config``, and a descriptor.

    The constructor of a dataclass passes the value of such a field to ``__set__`` and takes the default from
    ``__get__``. Type checkers read the types of the constructor and of the attribute there as well. So a row is the
    only place where the name, the types and the default of a setting are written.
    """

    name: str

    def __init__(
        self,
        option: str,
        metavar: str,
        default: str,
        parse: Callable[[str], Any],
        text: str,
        *,
        many: bool = False,
        unset: bool = False,
        ephemeral_default: str | None = None,
        serve_only: bool = False,
    ) -> None:
        """Make a row.

        ``metavar`` is empty for an option without a value. ``default`` is written as on the command line, or, when
        ``unset`` is true, says what holds without a value. ``many`` is true for an option that may be repeated.
        ``ephemeral_default`` is the default of an emulator that is started for a program, if it differs. The variable
        of a ``serve_only`` row is not read for such an emulator: it was set for one that is served.
        """
        self.option = option
        self.metavar = metavar
        self.shown_default = default
        self.parse = parse
        self.help = text
        self.many = many
        self.ephemeral_default = ephemeral_default
        self.serve_only = serve_only
        self.default: Any = () if many else None
        if not unset:
            self.default = self.convert(default)

    @property
    def usage(self) -> str:
        """The option as it is written on the command line."""
        return f"{self.option} {self.metavar}".rstrip()

    @property
    def words(self) -> tuple[str, ...]:
        """The values that ``metavar`` names literally, which are in lower case: ``text`` and ``json``."""
        return tuple(word for word in self.metavar.split("|") if word and word == word.lower())

    @property
    def is_path(self) -> bool:
        """Whether the value is the path of a file, or may be one."""
        return not {"FILE", "PATH"}.isdisjoint(self.metavar.split("|"))

    @property
    def variable(self) -> str:
        """The environment variable that is read in place of the option."""
        return "RTGMOCK_" + self.option.removeprefix("--").replace("-", "_").upper()

    def convert(self, value: Any) -> Any:
        """Return ``value`` as ``Config`` holds it. Raises ValueError."""
        if not self.many:
            return self._convert_item(value)
        return tuple(map(self._convert_item, [value] if isinstance(value, str | WantedInstance) else value))

    def _convert_item(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return check_account(value)
        if value is None or isinstance(value, bool | range | BootDelay | WantedInstance):
            return value
        # Numbers and paths are parsed as well: the parser checks their bounds.
        return self.parse(str(value))

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Held: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Held: ...
    def __get__(self, instance: object | None, owner: type) -> Held:
        value: Held = self.default if instance is None else vars(instance)[self.name]
        return value

    def __set__(self, instance: object, value: Accepted) -> None:
        try:
            vars(instance)[self.name] = self.convert(value)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
