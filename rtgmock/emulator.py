"""An emulator in this process: its store, its app and its HTTP server, started and stopped together."""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Self, Unpack

from rtgmock.app import create_app
from rtgmock.clock import Clock, ControlledClock, SystemClock, timestamp
from rtgmock.engines.select import choose
from rtgmock.errors import EngineFailed, Invalid, StartupError
from rtgmock.faults.registry import FaultRegistry
from rtgmock.journal.assertions import Requests
from rtgmock.journal.exchange import Body, Exchange
from rtgmock.journal.journal import Journal
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.network import local_url, reachable, why_not
from rtgmock.paths import BODY_LIMIT, SERVICE
from rtgmock.randomness import Randomness
from rtgmock.server.http_server import HttpServer
from rtgmock.service.context import ServiceContext
from rtgmock.service.provisioner import Provisioner
from rtgmock.service.supervisor import Supervisor
from rtgmock.settings.config import Config, Settings, configured
from rtgmock.storage.store import Store
from rtgmock.web.access_log import masked
from rtgmock.web.control.blueprint import ControlContext
from rtgmock.web.health import HealthState
from rtgmock.web.journaling import is_recorded
from rtgmock.web.view_context import view_context
from rtgmock.wire import parameters
from rtgmock.wire.json import JSON
from rtgmock.wire.representation import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from rtgmock.faults.registry import Fault
    from rtgmock.faults.rule import Keys
    from rtgmock.server.http_server import WrapSocket
    from rtgmock.web.access_log import Entry, Log


WATCH_INTERVAL = 0.5
"""Seconds between two looks at whether all Redis servers run."""
_FIRST_LINE = re.compile(r"([A-Za-z-]{1,20}) +(\S.*?)(?: HTTP/1\.[01])?")


class Emulator:
    """Serves the API from ``start`` to ``stop``, or as a context manager.

    The settings are the command's, as keywords; unlike the command it takes a free port and keeps nothing unless
    told so. Raises ValueError for a wrong setting, StartupError where the state file, the fixture, the address or
    the engine cannot be used. Several of them in one process know nothing of each other.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        clock: Clock | None = None,
        log: Log | None = None,
        report: Callable[[str], None] | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self.config = config = config or configured(settings)
        self.clock = ControlledClock(clock or SystemClock())
        self._log = log or _quiet
        self._watch: threading.Thread | None = None
        self._stopping = threading.Event()
        self.certificate: Path | None = None
        """What clients must trust; None without TLS."""
        randomness = Randomness(config.random_seed)
        with contextlib.ExitStack() as undo:
            self.store = Store.open(config.state, randomness.state_id())
            undo.callback(self.store.close)
            self.engine = choose(config, self.store.state_id, report or (lambda _: None))
            undo.callback(self.engine.close)
            self._life = HealthState(self.clock.ticks(), self.engine.name)
            context = ServiceContext(config, self.store, self.clock, randomness, self.engine)
            self._supervisor = Supervisor(context)
            self._provisioner = Provisioner(context)
            self.faults = FaultRegistry(randomness)
            self._journal = Journal(Redactor(account.password for account in config.accounts))
            app = create_app(config, self._provisioner, self._controls(), self._life, self._log)
            self._server = self._listen(app, self._certify(undo) if config.tls else None)
            self._open = undo.pop_all()

    def _controls(self) -> ControlContext:
        return ControlContext(self.clock, self._supervisor, self.faults, self._journal, self.reset)

    def _certify(self, undo: contextlib.ExitStack) -> WrapSocket:
        from rtgmock.server.certificates import Authority  # noqa: PLC0415 - trustme, which takes a while
        from rtgmock.server.tls_socket import TlsSocket  # noqa: PLC0415

        state = self.config.state or undo.enter_context(_temporary_state())
        # The machine's time, not the emulator's: that is what clients know.
        authority = Authority(state, SystemClock().now())
        self.certificate = authority.certificate
        return partial(TlsSocket, context=authority.context(_names(self.config)))

    def _listen(self, app: Flask, wrap_socket: WrapSocket | None) -> HttpServer:
        host, port = self.config.host, self.config.port
        try:
            return HttpServer(app, host, port, body_limit=BODY_LIMIT, refused=self._refused, wrap_socket=wrap_socket)
        except (socket.gaierror, UnicodeError) as error:
            raise StartupError(f"the host {host} is not known here; listen on another one: --host HOST") from error
        except OSError as error:
            raise StartupError(why_not(host, port, error)) from error

    def _refused(self, status: int, line: str, sentence: str) -> None:
        """Log what the server refused itself, which the app never saw."""
        match = _FIRST_LINE.fullmatch(line)
        method, path = (match[1], match[2]) if match else ("-", "-")  # what is no HTTP may be anything, a secret too
        now = self.clock.now()
        entry: Entry = {"time": timestamp(now), "method": method, "path": masked(path)}
        self._log(entry | {"status": status, "ms": 0.0, "account": None, "hint": sentence})
        path, _, query = path.partition("?")
        if is_recorded(path):
            answer = Body.of(f"{sentence}\n".encode())
            self._journal.add(Exchange(method, path, status, now, query=query, answer=answer))

    @property
    def requests(self) -> Requests:
        """What came so far, and assertions on it."""
        return Requests(self._journal)

    @property
    def url(self) -> str:
        """Where the API is served, for a client on this machine: ``http://127.0.0.1:8080``."""
        return local_url(self.config.host, self._server.effective_port, tls=self.config.tls)

    def start(self) -> Self:
        """Bring the instances' Redis servers back, or begin with the fixture, and answer requests.

        Raises StartupError; then all is closed.
        """
        self._begin()
        if self.engine.real:
            self._watch = threading.Thread(target=self._keep_watch, name="rtgmock-watch", daemon=True)
            self._watch.start()
        self._server.start()
        return self

    def _begin(self) -> None:
        try:
            self._supervisor.begin()
            if self.engine.real:
                self._supervisor.recover()
        except BaseException as error:
            self.stop()
            if not isinstance(error, EngineFailed):
                raise
            raise StartupError(
                f"the instances cannot be brought back: {error.problem}; see to the engine, and start again"
            ) from error

    def _keep_watch(self) -> None:
        while not self._stopping.wait(WATCH_INTERVAL):
            try:
                with contextlib.suppress(EngineFailed):  # the engine is gone; whoever asks for an instance is told
                    self._supervisor.reconcile()
            except Exception:
                logging.getLogger("rtgmock").exception("the instances could not be looked after")

    @property
    def username(self) -> str:
        """The name of the first account."""
        return self.config.accounts[0].name

    @property
    def password(self) -> str:
        """The password of the first account."""
        return self.config.accounts[0].password

    def create(self, **attributes: Any) -> dict[str, Any]:
        """Make an instance of the first account, as a client would; what its answer shows, ``url`` included.

        No request is made. Raises rtgmock.errors.Invalid for wrong attributes, EngineFailed.
        """
        given = parameters.parse_parameters(attributes, self.config.api)
        if given.unknown:
            raise Invalid([parameters.hint(given.unknown) or f"{parameters.shown(given.unknown)} is not an attribute"])
        record = self._provisioner.create(self.username, given.values)
        view = view_context(self.config, self._provisioner, self.username, reachable(self.config.host))
        return {attribute.name: value for attribute, value in show(record, JSON.show_payload, view)}

    def reset(self) -> None:
        """Go back to empty, or to the fixture: instances, ids, faults, time, Redis servers."""
        for part in (self.faults, self.clock, self._supervisor, self._journal):
            part.reset()

    def fail(self, method: str | None = None, path: str | None = None, **keys: Unpack[Keys]) -> Fault:
        """Let requests go wrong: ``fail("POST", "/instances", status=503, times=1)``. Raises Invalid.

        It holds until the fault is removed, or for a ``with`` block.
        """
        return self.faults.add([{"method": method, "path": path, **keys}])[0]

    def advance(self, seconds: float) -> None:
        """Let time pass at once: ``created_at``, ``updated_at`` and the boot delay see it."""
        self.clock.advance(seconds)

    def stop(self) -> None:
        """Finish the requests in flight, stop every Redis, and close the state file. A second stop does nothing."""
        self._life.stopping = True
        self._stopping.set()
        with self._open.pop_all():  # what is closed is not closed again
            try:
                self._server.stop()
            finally:
                if self._watch is not None:
                    self._watch.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()


@contextlib.contextmanager
def _temporary_state() -> Iterator[Path]:
    """Where a state file would be, in a folder that is gone with the emulator."""
    from rtgmock.engines.ownership import temporary_folder  # noqa: PLC0415 - psutil

    folder = temporary_folder()
    folder.chmod(0o755)  # the certificate is for everybody
    try:
        yield folder / "rtgmock.json"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _names(config: Config) -> Iterator[str]:
    """The names by which clients may reach the API, for the certificate."""
    yield from (*SERVICE, "localhost", "127.0.0.1", "::1", reachable(config.host), *config.allow_hosts)
    yield socket.gethostname().lower()
    if config.hostname and "{" not in config.hostname:
        yield config.hostname


def _quiet(entry: Entry) -> None:
    """Log nothing."""
