"""What happens to the whole state at once: the fixture at the start, a reset, and a document that replaces it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from rtgmock.errors import EngineFailed, Invalid, StartupError
from rtgmock.service import snapshot
from rtgmock.service.account_reset import AccountReset
from rtgmock.service.leftovers import describe
from rtgmock.settings.parsers import name_problem, own_fixtures
from rtgmock.text import listed, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from rtgmock.service.context import ServiceContext
    from rtgmock.service.supervisor import Supervisor
    from rtgmock.service.wanted_instances import WantedInstances
    from rtgmock.storage.state import State


class Maintenance:
    """Shows and replaces the whole state. The constructor raises StartupError for a fixture that cannot be read."""

    def __init__(self, context: ServiceContext, supervisor: Supervisor, wanted: WantedInstances) -> None:
        self._context = context
        self._supervisor = supervisor
        self._wanted = wanted
        self._account_reset = AccountReset(context, supervisor)
        fixture = context.config.fixture
        self._fixture: Any = read_fixture(fixture) if fixture else {}

    def load_fixture(self) -> None:
        """Load the fixture into a state that never had an instance. Raises StartupError for a wrong fixture.

        The wanted instances are made later, when its Redis servers run, but one that contradicts it is refused here.

        Called at the emulator's start, before other threads use the state; so it takes no lock. The fixture is
        checked at each start, also where the state is kept: otherwise its mistakes would come up at a reset only.
        """
        fixture, store = self._context.config.fixture, self._context.store
        if fixture is None:
            return
        now = self._context.clock.now()
        try:
            state = self._parse(self._fixture, now)
            self._initial_state(now)
        except Invalid as error:
            more = f" (and {len(error.messages) - 1} more)" if len(error.messages) > 1 else ""
            raise StartupError(f"the fixture {fixture} cannot be used: {error.messages[0]}{more}") from error
        self._context.placement.given_ports |= snapshot.given_ports(self._fixture)
        if store.last_instance_id == 0:
            # Data of an instance's id would be that of another state whose file was removed.
            with store.transaction() as change:
                change.replace(state, self._engine_name(), (record["id"] for record in state.instances))

    def reset(self, now: datetime, then: Callable[[], object] = bool) -> None:
        """Return to the fixture and the wanted instances, or to the empty state, as of ``now``; ids begin from 1 again.

        ``then`` is called as soon as the state is stored: for what else is to be reset, unless nothing changes.
        Raises InternalError when the state cannot be stored; EngineFailed when nothing has changed, or when the text
        says what is not removed yet.
        """
        self._replace(self._initial_state(now), then)

    def reset_account(self, account: str, then: Callable[[], object] = bool) -> None:
        """Return one account to its instances of the fixture and the settings, or to none.

        Raises Invalid for an unknown account, and otherwise as ``AccountReset.reset`` does, for ``then`` as well.
        """
        self._check_account(account)
        self._account_reset.reset(account, self._initial_state(self._context.clock.now()), then)

    def _check_account(self, account: str) -> None:
        if self._context.config.admits_any:
            if problem := name_problem(account):
                raise Invalid([f"account {problem}"])
        elif account not in (known := self._context.store.accounts()):
            raise Invalid([f"account {printable(account, 40)} is not known; accepted are {listed(known)}"])

    def _initial_state(self, now: datetime) -> State:
        """Return the state of the fixture, and the wanted instances that it lacks."""
        state = self._parse(self._fixture, now)
        if rows := self._wanted.rows_for(state):
            return self._parse({**self._fixture, "instances": [*self._fixture.get("instances", []), *rows]}, now)
        return state

    def document(self, account: str | None = None) -> dict[str, Any]:
        """Return the whole state as one document, or what it has of one account."""
        state = self._context.store.state()
        return snapshot.show_state(state if account is None else snapshot.part_of(state, account))

    def load(self, document: object) -> None:
        """Replace the state by the one that a document describes; its Redis servers start empty.

        Raises Invalid for a document with mistakes, and nothing has changed then; InternalError and EngineFailed as
        ``reset`` does.
        """
        self._replace(self._parse(document, self._context.clock.now()), bool)

    def _parse(self, document: object, now: datetime) -> State:
        return snapshot.parse_state(document, self._context.config, self._context.randomness, now)

    def _replace(self, state: State, then: Callable[[], object]) -> None:
        """Replace the state and all Redis servers.

        The exclusive lock waits for the changes in progress, and lets no other begin until the new state is
        complete. The record decides: the Redis servers of the old state are removed once the new one is stored,
        together with the ids that they have. Until a Redis is gone, none is started for the same id.
        """
        context = self._context
        with context.state_lock.exclusive():
            doomed = self._ids_in_use() if context.engine.real else set()
            with context.store.transaction() as change:
                change.replace(state, self._engine_name(), doomed)
            context.health.clear_all()
            self._supervisor.forget_failures()
            then()
            if context.engine.real:
                context.leftovers.add(doomed)
                left = context.leftovers.remove_all()
                self._supervisor.start_all()
                if left:
                    problem = f"The state is replaced, but {describe(left)}"
                    raise EngineFailed(f"{problem}; this is tried again, and the next reset finishes it")

    def _engine_name(self) -> str:
        """Return the name of the engine if it has Redis servers."""
        return self._context.engine.name if self._context.engine.real else ""

    def _ids_in_use(self) -> set[int]:
        """Return the ids of all instances, and of what the engine has of others. Raises EngineFailed."""
        context = self._context
        ids = {record["id"] for record in context.store.instances()}
        return ids | context.engine.present() | context.leftovers.ids()


def read_fixture(path: Path) -> object:
    """Return the document in a fixture's file. Raises StartupError when it cannot be read or is not JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        names = own_fixtures()
        guess = f"did you mean {near}? " if (near := nearest(path.stem, names)) else ""
        raise StartupError(
            f"there is no fixture {path}; {guess}name a file, or one that comes with rtgmock: "
            f"{', '.join(f'--fixture {name}' for name in names)}"
        ) from error
    except OSError as error:
        raise StartupError(
            f"the fixture {path} cannot be read: {error.strerror}; name another: --fixture FILE"
        ) from error
    except orjson.JSONDecodeError as error:
        raise StartupError(
            f"the fixture {path} is not JSON (line {error.lineno}, column {error.colno}: {error.msg}); "
            "correct it, or name another: --fixture FILE"
        ) from error
