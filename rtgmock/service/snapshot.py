"""A whole state as one JSON document: what ``GET /_rtgmock/state`` shows and ``--fixture`` reads.

A person writes only what matters: ``{"instances": [{"plan": "nano"}]}``. What is missing is filled in as a create
would, a fixture's instances being ``running`` at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from rtgmock.clock import timestamp
from rtgmock.errors import Invalid, StartupError
from rtgmock.model import attributes, validation
from rtgmock.model.instances import default_label, new_instance
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS
from rtgmock.model.types import Integer, InvalidValue, Text
from rtgmock.storage.store import Server, State, problems
from rtgmock.storage.tables import FORMAT
from rtgmock.text import parse_size, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from rtgmock.model.types import Record
    from rtgmock.randomness import Randomness
    from rtgmock.settings.config import Config

T = TypeVar("T")
_TOP = ("format", "last_instance_id", "accounts", "servers", "instances")
_BESIDE = ("boot", "account", "server")
"""What an instance may have beside its attributes: how far its start is, and names in place of ids."""
_DERIVED = tuple(attribute.name for attribute in attributes.ATTRIBUTES if attribute not in attributes.STORED)


def load(path: Path) -> object:
    """The document in a file. Raises StartupError for one that cannot be read."""
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


def write(state: State) -> dict[str, Any]:
    """The document of a state, with everything in it."""
    return {
        "format": FORMAT,
        "last_instance_id": state.last_instance_id,
        "accounts": [{"id": number, "name": name} for number, name in state.accounts.items()],
        "servers": [
            {"id": number, "name": server.name, "memory": server.memory} for number, server in state.servers.items()
        ],
        "instances": list(state.instances),
    }


def parse_state(document: object, config: Config, randomness: Randomness, now: datetime) -> State:
    """The state that a document describes. Raises Invalid with a message for every mistake that was found."""
    draft = _Draft(config, randomness, now)
    draft.read(document)
    if draft.mistakes:
        raise Invalid(draft.mistakes)
    state = draft.state()
    if found := problems(state):
        raise Invalid(found)
    return state


@dataclass
class _Draft:
    """A state in the making, and what was found wrong on the way."""

    config: Config
    randomness: Randomness
    now: datetime
    mistakes: list[str] = field(default_factory=list)
    last: int = 0
    accounts: dict[int, str] = field(default_factory=dict)
    servers: dict[int, Server] = field(default_factory=dict)
    instances: dict[int, Record] = field(default_factory=dict)

    def state(self) -> State:
        last = max(self.last, *self.instances, 0)
        return State(tuple(self.instances.values()), self.servers, self.accounts, last)

    def read(self, document: object) -> None:
        if not isinstance(document, dict):
            self.mistakes.append('The state must be a JSON object, as {"instances": [{"plan": "nano"}]}')
            return
        self._unknown("", document, _TOP)
        if document.get("format", FORMAT) != FORMAT:
            self.mistakes.append(f"format is {document['format']!r}; accepted is {FORMAT}")
        self.last = self._value("last_instance_id", Integer().parse, document.get("last_instance_id", 0), 0)
        self.accounts = self._named(document, "accounts", lambda _, row: str(row["name"]))
        self.servers = self._named(document, "servers", self._server)
        for account in self.config.accounts:
            if account.name not in self.accounts.values():
                self.accounts[max(self.accounts, default=0) + 1] = account.name
        self._read_instances(self._rows(document, "instances"))
        if "servers" not in document:  # what the API answers names them by id alone
            for number in {one["server_id"] for one in self.instances.values()} - set(self.servers):
                self._open_server(number)

    def _rows(self, document: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
        """The objects of a list, each with what to call it; a bare name stands for an object that has it."""
        rows = document.get(name, [])
        if not isinstance(rows, list):
            self.mistakes.append(f"{name} must be an array")
            return []
        found = []
        for number, row in enumerate(rows):
            whole = {"name": row} if isinstance(row, str) else row
            if isinstance(whole, dict):
                found.append((f"{name}[{number}]", whole))
            else:
                self.mistakes.append(f"{name}[{number}] must be an object")
        return found

    def _named(self, document: Mapping[str, Any], name: str, make: Callable[[str, dict[str, Any]], T]) -> dict[int, T]:
        found: dict[int, T] = {}
        for where, row in self._rows(document, name):
            self._unknown(f"{where}: ", row, ("id", "name", "memory") if name == "servers" else ("id", "name"))
            self._value(f"{where}: name", Text().parse, row.get("name", ""), "")
            number = self._value(f"{where}: id", Integer(1).parse, row.get("id", len(found) + 1), 0)
            if number in found:
                self.mistakes.append(f"{where}: id {number} is another's")
            elif "name" in row:
                found[number] = make(where, row)
        return found

    def _server(self, where: str, row: dict[str, Any]) -> Server:
        memory = row.get("memory")
        return Server(str(row["name"]), None if memory is None else self._value(f"{where}: memory", _size, memory, 1))

    def _read_instances(self, rows: list[tuple[str, dict[str, Any]]]) -> None:
        given = [(where, self._attributes(where, row.get("instance", row))) for where, row in rows]
        if self.mistakes:
            return
        taken = {values["id"] for _, values in given if "id" in values}
        free_ids = (number for number in range(1, len(given) + len(taken) + 1) if number not in taken)
        used = {values["port"] for _, values in given if "port" in values}
        free_ports = iter([port for port in self.config.ports if port not in used])
        for where, values in given:
            number = values["id"] if "id" in values else next(free_ids)
            port = values["port"] if "port" in values else next(free_ports, None)
            if number in self.instances:
                self.mistakes.append(f"{where}: id {number} is another's")
            elif port is None:
                self.mistakes.append(f"{where}: no port is left in {self.config.ports[0]}-{self.config.ports[-1]}")
            else:
                self.instances[number] = self._filled(where, values | {"id": number, "port": port})

    def _attributes(self, where: str, row: object) -> Record:
        """What is given of one instance, by the attribute table."""
        if not isinstance(row, dict):
            self.mistakes.append(f"{where} must be an object")
            return {}
        known = [attribute.name for attribute in attributes.STORED]
        self._unknown(f"{where}: ", row, [*known, *_BESIDE, *_DERIVED])
        if row.get("plan") is None:
            self.mistakes.append(f"{where}: plan can't be blank: it is one of {', '.join(PLANS)}")
        read = {
            name: self._value(f"{where}: {name}", attributes.BY_NAME[name].parse, row[name], None)
            for name in known
            if name in row
        }
        return read | {name: row[name] for name in _BESIDE if name in row}

    def _filled(self, where: str, values: Record) -> Record:
        plan, instance_id = PLANS[values["plan"]], values["id"]
        account, server = values.pop("account", None), values.pop("server", None)
        server_id = values.get("server_id") or self._server_of(where, server, int(values.get("memory", plan.memory)))
        user_id = values.get("user_id") or self._id_of(where, "account", account, self.accounts)
        moment = timestamp(self.now)
        name = self.servers[server_id].name if server_id in self.servers else ""
        assigned = {
            "id": instance_id,
            "user_id": user_id,
            "server_id": server_id,
            "port": values["port"],
            "label": default_label(name, values["port"]),
            "password": self.randomness.password(instance_id),
            "config_command": self.randomness.config_command(instance_id),
            "status": Status.RUNNING.value,
            "created_at": moment,
            "updated_at": values.get("created_at", moment),
        }
        ids = {"user_id": user_id, "server_id": server_id}  # a document's 0 names neither, like a missing id
        return new_instance(plan, self.config.api, assigned) | values | ids

    def _server_of(self, where: str, name: object, memory: int) -> int:
        """The server that is named; else the first one with room, or a new one."""
        if name is not None:
            return self._id_of(where, "server", name, {number: one.name for number, one in self.servers.items()})
        for number, server in self.servers.items():
            used = sum(one["memory"] for one in self.instances.values() if one["server_id"] == number)
            if used + memory <= (server.memory or self.config.server_memory):
                return number
        return self._open_server(max(self.servers, default=0) + 1)

    def _open_server(self, number: int) -> int:
        taken = {server.name for server in self.servers.values()}
        self.servers[number] = Server(self.randomness.server_name(number, taken))
        return number

    def _id_of(self, where: str, kind: str, name: object, names: Mapping[int, str]) -> int:
        """Return the id of the server or account of that name; the first one's id without a name."""
        for number, known in names.items():
            if name is None or name == known:
                return number
        problem = f"{kind} is missing" if name is None else f"{kind} {printable(str(name))} is not known"
        choice = (
            f"accepted are {', '.join(names.values())}" if names else f'the state has none: list it under "{kind}s"'
        )
        self.mistakes.append(f"{where}: {problem}; {choice}")
        return 0

    def _unknown(self, where: str, row: Mapping[str, Any], known: Collection[str]) -> None:
        self.mistakes += [where + validation.unknown_name(name, known) for name in row if name not in known]

    def _value(self, where: str, reader: Callable[[Any], Any], raw: object, otherwise: Any) -> Any:
        try:
            return reader(raw)
        except InvalidValue as error:
            self.mistakes.append(f"{where} {error}")
        return otherwise


def _size(raw: object) -> int:
    try:
        return parse_size(str(raw))
    except ValueError as error:
        raise InvalidValue(f"is not a size: {error}") from error
