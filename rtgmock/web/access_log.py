"""The access log: one line for each request, without secrets."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from rtgmock.clock import timestamp
from rtgmock.errors import cut
from rtgmock.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Response

    from rtgmock.journal.redaction.redactor import Redactor
    from rtgmock.web.request_context import After, RequestContext

    Entry = dict[str, Any]
    """What is logged of a request: time, method, path, status, ms, account, and remarks: ignored, hint, fault."""
    Log = Callable[[Entry], None]
    """Takes each entry, to print it or to keep it."""

REMARKS = ("ignored", "hint", "fault")
MAX_KNOWN = 256
"""Requests without a query whose texts are kept redacted: most of a client's requests are the same few."""
_MAX_METHOD = 20
_MAX_TARGET = 160  # so that a line has room for what follows


class AccessLog:
    """Redacts what is logged of each request, and passes it on to ``write``.

    ``redactor`` knows what is secret wherever it is: the accounts' passwords.
    """

    def __init__(self, write: Log, redactor: Redactor) -> None:
        self._write = write
        self._redactor = redactor
        self._redact_known = lru_cache(MAX_KNOWN)(self._redact)

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
        """Log a request. ``remarks`` are of ``REMARKS``, without empty ones."""
        if query or remarks or len(path) > _MAX_TARGET:
            texts = self._redact(method, path, account, query, **remarks)
        else:
            texts = self._redact_known(method, path, account)
        entry = {
            "time": timestamp(moment),
            "method": texts["method"],
            "path": texts["path"],
            "status": status,
            "ms": ms,
            "account": account or None,
        }
        if remarks:
            entry |= {name: texts[name] for name in REMARKS if name in remarks}
        self._write(entry)

    def method_and_path(self, method: str, path: str) -> tuple[str, str]:
        """Return both as they may be logged, without secrets and of bounded length."""
        texts = self._redact(method, path, "")
        return texts["method"], texts["path"]

    def _redact(self, method: str, path: str, account: str, query: str = "", **remarks: str) -> dict[str, str]:
        # Path and query are redacted apart: a ? may be escaped in a path, and only a query is parsed as a form.
        def render(redactor: Redactor) -> dict[str, str]:
            shown, parameters = redactor.target(method, path, query)
            target = f"{shown}?{parameters}" if parameters else shown
            return {"method": method, "path": target, **{name: redactor.text(text) for name, text in remarks.items()}}

        texts: dict[str, str] = self._redactor.for_request(account).redact(render)
        # Cut last: half a password would not be recognized.
        return {
            **texts,
            "method": printable(texts["method"], _MAX_METHOD),
            "path": printable(texts["path"], _MAX_TARGET),
        }


def recorder(log: AccessLog) -> After:
    """Return the step that logs each request; it must come after all that change what its answer says about it."""

    def record(context: RequestContext, response: Response) -> None:
        request = context.request
        log.add(
            context.ended,
            request.method,
            request.path,
            request.query_string.decode("latin-1"),
            response.status_code,
            ms=round(context.ms, 1),
            account=context.account,
            **context.remarks(),
        )

    return record


def as_json(entry: Entry) -> str:
    """Return an entry as one line of JSON."""
    return orjson.dumps({key: value for key, value in entry.items() if value is not None}).decode()


def as_text(entry: Entry) -> str:
    """Return an entry as one line for a person, of 300 characters at most."""
    who = entry["account"] or "-"
    line = f"{entry['time']} {entry['method']} {entry['path']} {entry['status']} {entry['ms']} ms {who}"
    for name in REMARKS:
        if name in entry:
            line += f" {name}: {entry[name]}"
    return cut(line)
