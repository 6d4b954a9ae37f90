"""What is found out about the current request on its way: for the answer's headers, the log and the error's format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flask import Flask, g

from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.clock import Clock
    from rtgmock.wire.format import AnswerFormat, Tree


@dataclass
class RequestContext:
    """What is known about one request. Every field but ``started`` is filled in by the step that finds it out."""

    started: float
    """The clock's ticks when the request arrived."""
    host: str = ""
    """The host name that the client used, without its port."""
    account: str = ""
    """The account's name, once the credentials are checked."""
    answer_format: AnswerFormat = JSON
    """The format of the answer, and of a 422's messages."""
    ignored: list[str] = field(default_factory=list)
    """Names of the parameters that had no effect."""
    hint: str = ""
    """What the client's mistake probably was; ``hint_for`` tells whether it is shown."""
    parameters: Tree | None = None
    """The decoded body and query string; None until they are first needed."""
    fault_id: str = ""
    """The id of the injected fault, if one was applied."""
    fail_upgrade: Callable[[], bool] = bool
    """Called when there is room for an upgrade; true makes the upgrade fail anyway (fault injection)."""

    def hint_for(self, status: int) -> str:
        """Return the hint to show with an answer; empty with one that is no error, whose request worked anyway."""
        return self.hint if status >= 400 else ""  # noqa: PLR2004 - the first status of an error


def install(app: Flask, clock: Clock) -> None:
    """Begin a context with each request, before any other step."""

    @app.before_request
    def begin() -> None:
        # In Flask's g, so that it ends with the request and two requests never share one.
        g.rtgmock_context = RequestContext(clock.ticks())


def request_context() -> RequestContext:
    """Return the current request's context."""
    return cast("RequestContext", g.rtgmock_context)
