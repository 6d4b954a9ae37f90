"""What is found out about the current request on its way: for the answer's headers, the log and the error's format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flask import Request, Response, g, request

from rtgmock.wire.json import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from rtgmock.clock import Clock
    from rtgmock.faults.registry import AppliedFault
    from rtgmock.wire.format import AnswerFormat, Tree

    Before = Callable[["RequestContext"], None]
    """A step before a request is carried out. It raises RequestError to refuse the request."""
    Serve = Callable[["RequestContext"], Response]
    """Carries out a request. It raises RequestError to refuse it."""
    After = Callable[["RequestContext", Response], None]
    """A step with the answer to a request, which it may change."""


@dataclass(slots=True)
class RequestContext:
    """What is known about one request. Each field is filled in by the step that finds it out."""

    request: Request
    """The request itself. Flask's ``request`` looks it up at each use, which takes a microsecond."""
    started: float
    """The clock's ticks when the request arrived."""
    ended: datetime = field(init=False)
    """The time at which the answer was complete; not set until then."""
    ms: float = 0.0
    """The milliseconds that the answer took."""
    host: str = ""
    """The host by which the client has reached the emulator, without its port."""
    account: str = ""
    """The name of the account whose credentials the request has; empty when they are wrong or missing."""
    answer_format: AnswerFormat = JSON
    """The format of the answer, and of a 422's messages."""
    ignored: list[str] = field(default_factory=list)
    """Names of the parameters that had no effect."""
    hint: str = ""
    """What the client's mistake probably was. It is dropped when the request works anyway."""
    advice: str = ""
    """What is to be known of a request that works; it becomes the hint."""
    parameters: Tree | None = None
    """The decoded body and query string; None until they are first needed."""
    fault: AppliedFault | None = None
    """The injected fault, if one was applied."""
    fault_id: str = ""
    """Its id."""
    fail_upgrade: Callable[[], bool] = bool
    """Called when there is room for an upgrade; true makes the upgrade fail anyway (fault injection)."""

    def remarks(self) -> dict[str, str]:
        """Return what the log says of the request: what was ignored, a hint, a fault; only what there is."""
        if not (self.ignored or self.hint or self.fault_id):
            return {}
        found = {"ignored": ", ".join(self.ignored), "hint": self.hint, "fault": self.fault_id}
        return {name: text for name, text in found.items() if text}

    def apply(self, fault: AppliedFault) -> None:
        """Remember the fault that is applied."""
        self.fault, self.fault_id = fault, str(fault.fault_id)


@dataclass(frozen=True)
class Steps:
    """The way of every request: the steps ``before`` it, each of which may refuse it, ``serve``, and those ``after``.

    The context begins with the request, and is given to all of them.
    """

    clock: Clock
    before: Sequence[Before]
    serve: Serve
    after: Sequence[After]

    def begin(self) -> RequestContext:
        """Return a context for the current request."""
        found = cast("Request", request.environ["werkzeug.request"])
        # In Flask's g, so that it ends with the request and two requests never share one.
        g.rtgmock_context = context = RequestContext(found, self.clock.ticks())
        return context

    def answer(self, context: RequestContext) -> Response:
        """Carry the request out. Raises RequestError."""
        for step in self.before:
            step(context)
        return self.serve(context)

    def finish(self, context: RequestContext, response: Response) -> Response:
        """Return the response as it is sent."""
        context.ended, context.ms = self.clock.now(), round((self.clock.ticks() - context.started) * 1000, 3)
        if response.status_code < 400:  # noqa: PLR2004 - the first status of an error
            context.hint = context.advice
        for step in self.after:
            step(context, response)
        return response


def request_context() -> RequestContext:
    """Return the current request's context."""
    return cast("RequestContext", g.rtgmock_context)
