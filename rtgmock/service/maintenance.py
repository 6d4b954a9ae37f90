"""What happens to the whole state at once: the fixture at the start, a reset, and a document that replaces it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson

from rtgmock.errors import Invalid, StartupError
from rtgmock.service import snapshot
from rtgmock.service.supervisor import MAX_PARALLEL

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.service.context import ServiceContext
    from rtgmock.service.supervisor import Supervisor
    from rtgmock.storage.state import State


class Maintenance:
    """Shows and replaces the whole state. The constructor raises StartupError for a fixture that cannot be read."""

    def __init__(self, context: ServiceContext, supervisor: Supervisor) -> None:
        self._context = context
        self._supervisor = supervisor
        fixture = context.config.fixture
        self._initial_document = (fixture and read_fixture(fixture)) or {}

    def load_fixture(self) -> None:
        """Load the fixture into a state that never had an instance. Raises StartupError for a wrong fixture.

        Called at the emulator's start, before other threads use the state; so it takes no lock. The fixture is
        checked at each start, also where the state is kept: otherwise its mistakes would come up at a reset only.
        """
        fixture, store = self._context.config.fixture, self._context.store
        if fixture is None:
            return
        try:
            state = self._parse(self._initial_document)
        except Invalid as error:
            more = f" (and {len(error.messages) - 1} more)" if len(error.messages) > 1 else ""
            raise StartupError(f"the fixture {fixture} cannot be used: {error.messages[0]}{more}") from error
        if store.last_instance_id == 0:
            with store.transaction() as change:
                change.replace(state)

    def reset(self) -> None:
        """Return to the fixture, or to the empty state; ids start from 1 again. Raises EngineFailed."""
        self._replace(self._parse(self._initial_document))

    def document(self) -> dict[str, Any]:
        """Return the whole state as one document."""
        return snapshot.show_state(self._context.store.state())

    def load(self, document: object) -> None:
        """Replace the state by the one that a document describes; its Redis servers start empty.

        Raises Invalid for a document with mistakes, and nothing has changed then; EngineFailed.
        """
        self._replace(self._parse(document))

    def _parse(self, document: object) -> State:
        context = self._context
        return snapshot.parse_state(document, context.config, context.randomness, context.clock.now())

    def _replace(self, state: State) -> None:
        """Replace the state and all Redis servers.

        The exclusive lock waits for the changes in progress, and lets no other begin until the new state is
        complete. A Redis must be gone before the new state may give its id or its port to another.
        """
        context = self._context
        with context.state_lock.exclusive():
            if context.engine.real:
                self._destroy_all()
            context.health.clear_all()
            context.leftovers.clear()
            self._supervisor.forget_failures()
            with context.store.transaction() as change:
                change.replace(state)
            if context.engine.real:
                self._supervisor.start_all()

    def _destroy_all(self) -> None:
        engine = self._context.engine
        with ThreadPoolExecutor(MAX_PARALLEL) as pool:
            list(pool.map(engine.destroy, [record["id"] for record in self._context.store.instances()]))
        engine.remove_orphans(())


def read_fixture(path: Path) -> object:
    """Return the document in a fixture's file. Raises StartupError when it cannot be read or is not JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise StartupError(
            f"the fixture {path} cannot be read: {error.strerror}; name another: --fixture FILE"
        ) from error
    except orjson.JSONDecodeError as error:
        raise StartupError(
            f"the fixture {path} is not JSON (line {error.lineno}, column {error.colno}: {error.msg}); "
            "correct it, or name another: --fixture FILE"
        ) from error
