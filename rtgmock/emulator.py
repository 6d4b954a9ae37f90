"""The public facade: an emulator in this process that is started, used and stopped."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Self, Unpack, overload

from rtgmock.clock import Clock, ControlledClock, SystemClock
from rtgmock.composition import compose
from rtgmock.errors import InternalError, Invalid, StartupError
from rtgmock.faults.registry import FaultRegistry
from rtgmock.network import client_host, local_url
from rtgmock.randomness import Randomness
from rtgmock.settings.config import Config, ephemeral_config, takes_settings
from rtgmock.web.view_context import view_context
from rtgmock.wire import parameters
from rtgmock.wire.json import JSON
from rtgmock.wire.representation import represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rtgmock.composition import Composition
    from rtgmock.engines.base import Engine
    from rtgmock.faults.registry import Fault
    from rtgmock.faults.rule import Keys
    from rtgmock.journal.assertions import Requests
    from rtgmock.model.types import Record
    from rtgmock.storage.store import Store
    from rtgmock.web.access_log import Entry, Log


class Emulator:
    """Serves the API from ``start`` to ``stop``, or as a context manager.

    The settings are those of the command, as keywords; unlike the command it listens on a free port and keeps its
    state in memory by default. Raises ValueError for a wrong setting. Until ``start``, nothing is opened: no file, no
    socket, no thread. Several emulators in one process are independent of each other.

    It runs no Redis servers unless it is told to. With ``redis="auto"`` it runs them if it can, as ``serve`` does;
    ``"process"`` and ``"docker"`` let the start fail where it can't.

    It may be started again after a stop, and then begins like a new emulator with the same settings: with the
    instances of its state file, or in memory mode with none. It listens on the same port, also when the first start
    chose it.
    """

    @overload
    @takes_settings
    def __init__(self, **settings: Any) -> None: ...
    @overload
    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        log: Log | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None: ...
    def __init__(
        self,
        config: Config | None = None,
        *,
        clock: Clock | None = None,
        log: Log | None = None,
        report: Callable[[str], None] | None = None,
        **settings: Any,
    ) -> None:
        self.config = config or ephemeral_config(**settings)
        # Clock and faults belong to the emulator and not to one run, so that a test can set both before the start.
        self.clock = ControlledClock(clock or SystemClock())
        self._randomness = Randomness(self.config.random_seed)
        self.faults = FaultRegistry(self._randomness)
        self._log = log or _ignore_entry
        self._report = report or _ignore_text
        self._port = self.config.port
        self._composition: Composition | None = None
        self._resources: contextlib.ExitStack | None = None
        self._running = False

    def start(self) -> Self:
        """Bring the instances' Redis servers back, or load the fixture, and answer requests.

        Raises StartupError when the state file, the fixture, the address or the engine cannot be used, with everything
        closed again; RuntimeError when it is running.
        """
        if self._running:
            raise RuntimeError("the emulator is already running; stop it before it is started again")
        with contextlib.ExitStack() as resources, _refused_start():
            composition = compose(
                self.config,
                port=self._port,
                clock=self.clock,
                randomness=self._randomness,
                faults=self.faults,
                log=self._log,
                report=self._report,
                resources=resources,
            )
            composition.start()
            self._resources = resources.pop_all()
        self._composition, self._running = composition, True
        # A client that knows the URL finds the emulator there again after a restart.
        self._port = composition.server.port
        return self

    def stop(self) -> None:
        """Finish the requests in flight, stop every Redis, and close the state file.

        Faults are removed and the clock shows the time again that it was made with. Does nothing unless it is running.
        """
        # Taken first, so that a second stop in another thread closes nothing twice.
        resources, self._resources = self._resources, None
        if resources is None:
            return
        try:
            resources.close()
        finally:
            self.faults.reset()
            self.clock.reset()
            self._running = False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def _parts(self) -> Composition:
        """The parts of the last start, which after a stop are closed but still there to be asked."""
        if self._composition is None:
            raise RuntimeError("the emulator has not been started; call start(), or use it in a with statement")
        return self._composition

    @property
    def url(self) -> str:
        """The URL of the API for a client on this machine: ``http://127.0.0.1:8080``. RuntimeError before ``start``."""
        return local_url(self.config.host, self._parts.server.port, tls=self.config.tls)

    @property
    def certificate(self) -> Path | None:
        """The certificate that clients must trust; None without TLS. Raises RuntimeError before ``start``."""
        return self._parts.certificate

    @property
    def store(self) -> Store:
        """The state. Raises RuntimeError before ``start``."""
        return self._parts.store

    @property
    def engine(self) -> Engine:
        """What runs the Redis servers. Raises RuntimeError before ``start``."""
        return self._parts.engine

    @property
    def requests(self) -> Requests:
        """The requests since ``start``, and assertions on them. Raises RuntimeError before ``start``."""
        from rtgmock.journal.assertions import Requests  # noqa: PLC0415 - the server does without

        return Requests(self._parts.journal)

    @property
    def username(self) -> str:
        """The name of the first account."""
        return self.config.first_account.name

    @property
    def password(self) -> str:
        """The password of the first account."""
        return self.config.first_account.password

    def create(self, **attributes: Any) -> dict[str, Any]:
        """Create an instance of the first account, and return what the API would show, ``url`` included.

        No request is made. Raises Invalid for wrong attributes, EngineFailed, and RuntimeError before ``start``.
        """
        given = parameters.parse_parameters(attributes, self.config.api)
        if given.unknown:
            suggestion = parameters.suggest_attribute(given.unknown)
            raise Invalid([suggestion or f"{parameters.printable_names(given.unknown)} is not an attribute"])
        provisioner = self._parts.provisioner
        return self._shown(provisioner.create(self.username, given.values))

    @property
    def instances(self) -> list[dict[str, Any]]:
        """The instances of the setting ``instances`` that there are now, as the API would show them, ``url`` included.

        RuntimeError before ``start``.
        """
        by_port = {record["port"]: record for record in self.store.instances(self.username)}
        return [self._shown(by_port[port]) for port in self._parts.wanted.ports() if port in by_port]

    def _shown(self, record: Record) -> dict[str, Any]:
        """Return what the API shows of an instance to the first account's client on this machine."""
        host = client_host(self.config.host)
        view = view_context(self.config, self._parts.provisioner, self.username, host, [record])
        return {attribute.name: value for attribute, value in represent(record, JSON.show_payload, view)}

    def reset(self, account: str | None = None) -> None:
        """Return to the empty state, or to the fixture: instances, ids, faults, clock, journal and Redis servers.

        With an ``account``, only its instances, their Redis servers, the faults for it and its requests are reset.
        Raises EngineFailed, Invalid for an unknown account, and RuntimeError before ``start``.
        """
        if account is None:
            self._parts.controls.reset()
        else:
            self._parts.controls.reset_account(account)

    def fail(self, method: str | None = None, path: str | None = None, **keys: Unpack[Keys]) -> Fault:
        """Let requests fail: ``fail("POST", "/instances", status=503, times=1)``. Raises Invalid for a wrong rule.

        The fault stays in force until it is removed, or until the end of its ``with`` block.
        """
        return self.faults.add([{"method": method, "path": path, **keys}])[0]

    def advance(self, seconds: float) -> None:
        """Move the clock forward at once: ``created_at``, ``updated_at`` and the boot delay follow it."""
        self.clock.advance(seconds)


@contextlib.contextmanager
def _refused_start() -> Iterator[None]:
    """Refuse the start when the state cannot be written."""
    try:
        yield
    except InternalError as error:
        raise StartupError(f"{error.problem}; see to that, or start with another one: --state FILE") from error


def _ignore_entry(entry: Entry) -> None:
    """Log nothing."""


def _ignore_text(text: str) -> None:
    """Report nothing."""
