"""The access log: one line for each request, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from flask import request

from rtgmock.clock import timestamp
from rtgmock.text import printable
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask, Response

    from rtgmock.clock import Clock
    from rtgmock.journal.redaction.redactor import Redactor

    Entry = dict[str, Any]
    """What is logged of a request: time, method, path, status, ms, account, and remarks: ignored, hint, fault."""
    Log = Callable[[Entry], None]
    """Takes each entry, to print it or to keep it."""

REMARKS = ("ignored", "hint", "fault")
_MAX_METHOD = 20
_MAX_TARGET = 300


class AccessLog:
    """Redacts what is logged of each request, and passes it on to ``write``.

    ``redactor`` knows what is secret wherever it is: the accounts' passwords.
    """

    def __init__(self, write: Log, redactor: Redactor) -> None:
        self._write = write
        self._redactor = redactor

    def add(
        self,
        moment: datetime,
        method: str,
        path: str,
        query: str,
        status: int,
        *,
        ms: float = 0.0,
        account: str = "",
        **remarks: str,
    ) -> None:
        """Log a request. ``remarks`` are of ``REMARKS``, empty ones are left out."""

        # Path and query are redacted apart: a ? may be escaped in a path, and only a query is parsed as a form.
        def render(redactor: Redactor) -> dict[str, str]:
            target = redactor.text(path) + (f"?{redactor.query(query)}" if query else "")
            texts = {name: redactor.text(remarks[name]) for name in REMARKS if remarks.get(name)}
            return {"method": method, "path": target, **texts}

        texts = self._redactor.for_request(account).redact(render)
        # Cut last: half a password would not be recognized.
        target = printable(texts.pop("path"), _MAX_TARGET)
        entry = {"time": timestamp(moment), "method": printable(texts.pop("method"), _MAX_METHOD), "path": target}
        self._write({**entry, "status": status, "ms": ms, "account": account or None, **texts})


def install(app: Flask, clock: Clock, log: AccessLog) -> None:
    """Log each request that the application answers, after its answer has all headers."""

    @app.after_request
    def add_entry(response: Response) -> Response:
        context = request_context()
        log.add(
            clock.now(),
            request.method,
            request.path,
            request.query_string.decode("latin-1"),
            response.status_code,
            ms=round((clock.ticks() - context.started) * 1000, 1),
            account=context.account,
            **{name: response.headers.get(f"X-Rtgmock-{name.capitalize()}", "") for name in REMARKS},
        )
        return response


def as_json(entry: Entry) -> str:
    """Return an entry as one line of JSON."""
    return orjson.dumps({key: value for key, value in entry.items() if value is not None}).decode()


def as_text(entry: Entry) -> str:
    """Return an entry as one line for a person."""
    remarks = [f"{name}: {entry[name]}" for name in REMARKS if name in entry]
    fields = [entry["time"], entry["method"], entry["path"], entry["status"], f"{entry['ms']} ms"]
    return " ".join([*map(str, fields), entry["account"] or "-", *remarks])
