"""The composition of an emulator: which parts it has, what each is built from, and how they are closed."""

from __future__ import annotations

import contextlib
import shutil
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock.app import create_app
from rtgmock.clock import SystemClock
from rtgmock.engines.select import build_engine
from rtgmock.errors import EngineFailed, StartupError
from rtgmock.folders import DEFAULT_STATE
from rtgmock.journal.journal import Journal
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.network import client_host, listen_problem
from rtgmock.paths import SERVICE
from rtgmock.server.http_server import HttpServer
from rtgmock.service.context import ServiceContext
from rtgmock.service.maintenance import Maintenance
from rtgmock.service.provisioner import Provisioner
from rtgmock.service.supervisor import Supervisor
from rtgmock.service.wanted_instances import WantedInstances
from rtgmock.service.watcher import Watcher
from rtgmock.settings.parsers import ANY_ACCOUNT
from rtgmock.storage.store import Store
from rtgmock.web import guard, router
from rtgmock.web.access_log import AccessLog
from rtgmock.web.auth import account_of
from rtgmock.web.control.context import ControlContext
from rtgmock.web.health import HealthState
from rtgmock.web.refused_requests import RefusedRequests
from rtgmock.wire.endpoints import Waits
from rtgmock.wire.renderings import Renderings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from rtgmock.clock import ControlledClock
    from rtgmock.engines.base import Engine
    from rtgmock.faults.registry import FaultRegistry
    from rtgmock.randomness import Randomness
    from rtgmock.server.http_server import MayWait, RefusalCallback
    from rtgmock.server.request_head import Request
    from rtgmock.settings.config import Config
    from rtgmock.settings.parsers import Credentials
    from rtgmock.web.access_log import Log

MAX_LISTED = 20
"""Instances that are listed while all other requests wait: each takes up to half a millisecond in XML."""


@dataclass(frozen=True)
class Composition:
    """The parts of an emulator from one start to the next stop. A restart makes new ones."""

    store: Store
    engine: Engine
    provisioner: Provisioner
    supervisor: Supervisor
    maintenance: Maintenance
    wanted: WantedInstances
    watcher: Watcher
    journal: Journal
    controls: ControlContext
    server: HttpServer
    certificate: Path | None
    """The certificate that clients must trust; None without TLS."""

    def start(self) -> None:
        """Load the fixture, bring the Redis servers back, make the wanted instances, then answer requests.

        Raises StartupError.
        """
        # All of the state is there before the first response; until then clients wait in the socket's queue.
        self.maintenance.load_fixture()
        self.supervisor.report_other_engines()
        if self.engine.real:
            self._recover()
        self.wanted.provide()
        if self.engine.real:
            self.watcher.start()
        self.server.start()

    def _recover(self) -> None:
        try:
            self.supervisor.recover()
        except EngineFailed as error:
            raise StartupError(
                f"the instances cannot be brought back: {error.problem}; see to the engine, and start again"
            ) from error


def compose(
    config: Config,
    *,
    port: int,
    clock: ControlledClock,
    randomness: Randomness,
    faults: FaultRegistry,
    log: Log,
    report: Callable[[str], None],
    resources: contextlib.ExitStack,
) -> Composition:
    """Open the state, the engine and the listening socket, and build everything else on them.

    ``resources`` closes all of it, also after a StartupError, which says what could not be opened.
    """
    # Each part is registered at once, so that a failure of the next one closes it.
    names = [account.name for account in config.initial_accounts]
    store = Store.open(config.state, randomness.state_id(), names)
    resources.callback(store.close)
    engine = build_engine(config, store.state_id, report, store.last_engine() if store.instance_count() else "")
    resources.callback(engine.close)

    context = ServiceContext(config, store, clock, randomness, engine)
    supervisor, provisioner = Supervisor(context), Provisioner(context)
    wanted = WantedInstances(context, provisioner)
    maintenance = Maintenance(context, supervisor, wanted)
    redactor = Redactor(account.password for account in config.named_accounts)
    journal, access_log = Journal(redactor), AccessLog(log, redactor)
    health = HealthState(clock.ticks(), engine.name)
    controls = ControlContext(
        clock, supervisor, maintenance, faults, journal, Renderings(), health, config, provisioner
    )
    app = create_app(config, provisioner, controls, access_log, socket.gethostname())

    on_refusal = RefusedRequests(clock, access_log, journal).record
    may_wait = _may_wait(store, config.accounts, has_file=config.state is not None, has_redis=engine.real)
    server, certificate = _listen(config, port, app, resources, on_refusal=on_refusal, may_wait=may_wait)
    watcher = Watcher(supervisor)
    # Called in reverse order, before the engine and the store are closed: the requests in flight, which the server
    # finishes, need both, and so does the watcher's last check.
    for close in (watcher.join, server.stop, watcher.stop, health.stop):
        resources.callback(close)
    return Composition(
        store, engine, provisioner, supervisor, maintenance, wanted, watcher, journal, controls, server, certificate
    )


def _may_wait(store: Store, accounts: tuple[Credentials, ...], *, has_file: bool, has_redis: bool) -> MayWait:
    """Return what tells the server which requests may wait. In memory and without Redis servers, few do."""
    may_wait = {Waits.NEVER: False, Waits.FOR_STORAGE: has_file or has_redis, Waits.LONG: True}
    if not has_file:
        may_wait[Waits.FOR_BOOT] = False

    is_shared = len(accounts) > 1 or ANY_ACCOUNT in accounts

    def decide(request: Request) -> bool:
        waits = router.waits(request.method, request.path)
        if waits in may_wait:
            return may_wait[waits]
        # Its own instances only: otherwise the time of an answer would tell something of those of others.
        account = account_of(request.headers, accounts) if is_shared else None
        is_long = waits is Waits.FOR_MANY and store.instance_count(account) > MAX_LISTED
        return is_long or (has_file and store.boots(account))

    return decide


def _listen(
    config: Config,
    port: int,
    app: WSGIApplication,
    resources: contextlib.ExitStack,
    *,
    on_refusal: RefusalCallback,
    may_wait: MayWait,
) -> tuple[HttpServer, Path | None]:
    """Return the server, which listens but does not answer yet, and the certificate that its clients must trust."""
    host = config.host
    certificate, context = _tls(config, resources) if config.tls else (None, None)
    try:
        server = HttpServer(
            app, host, port, on_refusal=on_refusal, may_wait=may_wait, tls=context, headers=guard.HEADERS
        )
    except (socket.gaierror, UnicodeError) as error:
        raise StartupError(f"the host {host} is not known here; listen on another one: --host HOST") from error
    except OSError as error:
        raise StartupError(listen_problem(host, port, error)) from error
    return server, certificate


def _tls(config: Config, resources: contextlib.ExitStack) -> tuple[Path, ssl.SSLContext]:
    """Return the certificate that clients must trust, and the server's side of TLS."""
    from rtgmock.server.certificates import Authority  # noqa: PLC0415 - trustme, which is slow to import

    state = config.state or resources.enter_context(_temporary_state())
    # The machine's time and not the emulator's, which a test may have set: clients compare with their own clock.
    authority = Authority(state, SystemClock().now())
    return authority.certificate, authority.server_context(_certified_names(config))


@contextlib.contextmanager
def _temporary_state() -> Iterator[Path]:
    """Give a path for a state file in a temporary folder, which is removed at the end."""
    from rtgmock.engines.ownership import temporary_folder  # noqa: PLC0415 - psutil

    folder = temporary_folder()
    folder.chmod(0o755)  # clients of other users must be able to read the certificate
    try:
        yield folder / DEFAULT_STATE.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _certified_names(config: Config) -> Iterator[str]:
    """Give the host names and addresses by which clients may reach the API."""
    yield from (*SERVICE, "localhost", "127.0.0.1", "::1", client_host(config.host))
    yield from (f"*{name}" if name.startswith(".") else name for name in config.allow_hosts)
    yield socket.gethostname().lower()
    # A hostname with {server} in it is a template for Redis URLs, and no name of the API.
    if config.hostname and "{" not in config.hostname:
        yield config.hostname
