"""What rtgmock itself takes of a request, in the process and without a server."""

from __future__ import annotations

import io
import sys
import time
from typing import TYPE_CHECKING, Any
from unittest import mock

import orjson

from rtgmock.app import create_app
from rtgmock.emulator import Emulator
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.paths import HEADERS_KEY, HEADERS_SIZE_KEY
from rtgmock.web.access_log import AccessLog
from tests.bench.applications import plain_flask
from tests.bench.http import HOST
from tests.bench.servers import RTGMOCK

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from flask import Flask

    from tests.bench.http import Request


def microseconds(repeats: int, calls: int) -> dict[str, list[float]]:
    """Return the microseconds of CPU of each kind of answer, measured ``repeats`` times in turns."""
    [create] = RTGMOCK.setup
    show, show_xml = RTGMOCK.show, RTGMOCK.show_xml or RTGMOCK.show
    with Emulator() as emulator:
        emulator.create(**orjson.loads(create.body))
        with mock.patch("rtgmock.app.journaling.recorder", return_value=_record_nothing):
            without_journal = _application(emulator)
        measured: dict[str, tuple[WSGIApplication, Request]] = {
            "plain Flask": (plain_flask(), show),
            "JSON": (_application(emulator), show),
            "XML": (_application(emulator), show_xml),
            "JSON without journal": (without_journal, show),
        }
        found: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(repeats):
            for name, (application, request) in measured.items():
                found[name].append(_time(application, request, calls))
        return found


def shares(found: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return the differences that are of interest: our share above plain Flask, and the journal's share of it."""
    pairs = {"our share": ("JSON", "plain Flask"), "the journal's share": ("JSON", "JSON without journal")}
    return {
        name: [one - other for one, other in zip(found[more], found[less], strict=True)]
        for name, (more, less) in pairs.items()
    }


def _application(emulator: Emulator) -> Flask:
    parts = emulator._parts
    log = AccessLog(_ignore, Redactor([emulator.password]))
    return create_app(emulator.config, parts.provisioner, parts.controls, log)


def _time(application: WSGIApplication, request: Request, calls: int) -> float:
    environ = _environ(request)
    statuses: list[str] = []
    started = time.process_time()
    for _ in range(calls):
        answer: Any = application(dict(environ), lambda status, *_: statuses.append(status))  # type: ignore[arg-type]
        b"".join(answer)
        getattr(answer, "close", _ignore)()
    taken = time.process_time() - started
    assert {*statuses} == {"200 OK"}, statuses[:1]
    return taken / calls * 1e6


def _environ(request: Request) -> dict[str, object]:
    named = {"Host": f"{HOST}:8080", "User-Agent": "bench", "Accept": "*/*", **request.headers}
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in named.items()}
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": HOST,
        **headers,
        HEADERS_KEY: headers,
        HEADERS_SIZE_KEY: len("".join([*headers, *headers.values()])),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _record_nothing(context: object, response: object) -> None:
    """Take the place of the journal's recorder."""


def _ignore(*_arguments: object) -> None:
    """Do nothing."""
