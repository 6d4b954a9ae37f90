"""One line a request, and never a password in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from flask import request

from rtgmock.clock import timestamp
from rtgmock.errors import reason
from rtgmock.model.attributes import SECRETS
from rtgmock.text import printable
from rtgmock.web.request_context import open_request_context, request_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    from rtgmock.clock import Clock

    Entry = dict[str, Any]
    """What is logged of a request: time, method, path, status, ms, account, ignored, hint, fault."""
    Log = Callable[[Entry], None]

MASK = "***"
# Whatever ends in a secret attribute's name, with its words parted in any way, up to what parts it from the next.
_SECRET = re.compile(
    "((?:" + "|".join(sorted(SECRETS, key=len, reverse=True)).replace("_", "[-_+. ]?") + ")[^=&;]*)=[^&]*",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"//[^/@\s]*@")


def install(app: Flask, clock: Clock, log: Log) -> None:
    """Tell ``log`` of every request, and say in headers what was ignored and what a mistake probably was."""

    @app.before_request
    def begin() -> None:
        open_request_context(clock.ticks())

    @app.after_request
    def end(response: Response) -> Response:
        context = request_context()
        response.status = f"{response.status_code} {reason(response.status_code)}"
        if context.ignored:
            response.headers["X-Rtgmock-Ignored"] = ", ".join(context.ignored)
        if context.hint and response.status_code >= 400:  # noqa: PLR2004 - what worked needs no hint
            response.headers["X-Rtgmock-Hint"] = context.hint
        if context.fault_id:
            response.headers["X-Rtgmock-Fault"] = context.fault_id
        log(_entry(response, clock))
        return response


def _entry(response: Response, clock: Clock) -> Entry:
    context = request_context()
    entry: Entry = {
        "time": timestamp(clock.now()),
        "method": request.method,
        "path": masked(_target()),
        "status": response.status_code,
        "ms": round((clock.ticks() - context.started) * 1000, 1),
        "account": context.account or None,
    }
    for name in ("X-Rtgmock-Ignored", "X-Rtgmock-Hint", "X-Rtgmock-Fault"):
        if name in response.headers:
            entry[name.removeprefix("X-Rtgmock-").lower()] = response.headers[name]
    return entry


def _target() -> str:
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path


def masked(target: str) -> str:
    """A path with its query, fit for the log: one line, bounded, and without what secrets are in it."""
    path, mark, query = target.partition("?")
    if mark and "%" in query:
        query = urlencode(parse_qsl(query, keep_blank_values=True), safe="*[]")
    text = _USER_INFO.sub("//" + MASK + "@", f"{path}{mark}{query}")
    return printable(_SECRET.sub(rf"\1={MASK}", text), 300)


def as_json(entry: Entry) -> str:
    """An entry as one line of JSON."""
    return orjson.dumps({key: value for key, value in entry.items() if value is not None}).decode()


def as_text(entry: Entry) -> str:
    """An entry as one line for a person."""
    remarks = [f"{key}: {entry[key]}" for key in ("ignored", "hint", "fault") if key in entry]
    words = [entry["time"], entry["method"], entry["path"], entry["status"], f"{entry['ms']} ms"]
    return " ".join([*map(str, words), entry["account"] or "-", *remarks])
