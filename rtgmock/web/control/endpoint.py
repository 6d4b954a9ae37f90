"""What a row in the tables of control endpoints is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtgmock.paths import CONTROL_PATH
from rtgmock.wire.endpoints import Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response


@dataclass(frozen=True)
class ControlEndpoint:
    """A method of a path below ``/_rtgmock``.

    ``handler`` is called with the ``ControlContext``, and with the id where ``path`` has an ``{id}``.
    """

    method: str
    path: str
    handler: Callable[..., Response]
    waits: Waits = Waits.NEVER
    is_public: bool = False
    """Whether it needs no credentials, also from another machine."""
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        whole = re.escape(CONTROL_PATH + self.path).replace(r"\{id\}", "([0-9]{1,18})")
        object.__setattr__(self, "pattern", re.compile(f"{whole}/?"))

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it answers to: a GET also to HEAD."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)
