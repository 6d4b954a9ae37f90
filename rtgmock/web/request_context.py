"""What is found out about a request on its way, for the answer's headers, the log and the error's form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flask import g

from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.wire.format import AnswerFormat, Tree


@dataclass
class RequestContext:
    """``host`` is the one by which the client reached us; ``ignored`` names what it sent to no effect.

    ``fault`` is the id of the one that was applied; ``full`` says whether an upgrade shall find no room.
    """

    started: float
    host: str = ""
    account: str = ""
    answer_format: AnswerFormat = JSON
    ignored: list[str] = field(default_factory=list)
    hint: str = ""
    parameters: Tree | None = None
    fault: str = ""
    full: Callable[[], bool] = bool


def begin(started: float) -> None:
    """Start the notes of the request at hand."""
    g.rtgmock_notes = RequestContext(started)


def notes() -> RequestContext:
    """The notes of the request at hand."""
    return cast("RequestContext", g.rtgmock_notes)
