"""Serves an application that does nothing with rtgmock's own server: ``python -m tests.bench.floors flask 8080``."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from rtgmock.server.http_server import HttpServer
from tests.bench.applications import bare, plain_flask
from tests.bench.http import HOST

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

APPLICATIONS: dict[str, WSGIApplication] = {"bare": bare, "flask": plain_flask()}


def main() -> None:
    name, port = sys.argv[1:]
    HttpServer(APPLICATIONS[name], HOST, int(port), on_refusal=lambda *_: None, may_wait=lambda *_: False).start()
    threading.Event().wait()  # until the benchmark ends it


if __name__ == "__main__":
    main()
