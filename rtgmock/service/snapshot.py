"""A whole state as one JSON document: what ``GET /_rtgmock/state`` shows and ``--fixture`` reads.

A document by hand has only what matters: ``{"instances": [{"plan": "nano"}]}``. What is missing is filled in as by a
create, except that the instances are ``running`` at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from rtgmock.clock import timestamp
from rtgmock.model import attributes, validation
from rtgmock.model.instances import default_label, new_instance
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS
from rtgmock.model.types import MAX_LENGTH, Integer, InvalidValue, Text
from rtgmock.service.room import Room, ids_by_name
from rtgmock.settings.parsers import name_problem
from rtgmock.storage.checks import boot_problems, reference_problems
from rtgmock.storage.state import Server, State, problems
from rtgmock.storage.tables import ACCOUNTS, FORMAT, SERVERS
from rtgmock.text import listed, parse_size, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping
    from datetime import datetime

    from rtgmock.model.types import Record
    from rtgmock.randomness import Randomness
    from rtgmock.settings.config import Config

T = TypeVar("T")
# Labels are a server's name, a hyphen and a port. One that is too long would be stored by a create, and the state file
# could not be opened again.
_MAX_SERVER_NAME = MAX_LENGTH - len("-65535")
MAX_GIVEN_ID = 10**12
"""The highest id in a document. A state can store higher ones, so that there are some left to be given."""
_TOP_LEVEL_NAMES = ("format", "last_instance_id", "accounts", "servers", "instances")
_EXTRA_NAMES = ("boot", "account", "server")
"""What an instance may have besides its attributes: the progress of its boot, and names in place of ids."""
# The API's answers have derived attributes, and an answer can be pasted into a document; they are ignored.
_DERIVED = tuple(attribute.name for attribute in attributes.ATTRIBUTES if attribute not in attributes.STORED)
_INSTANCE_NAMES = dict.fromkeys((*attributes.STORED_NAMES, *_EXTRA_NAMES, *_DERIVED))


def show_state(state: State) -> dict[str, Any]:
    """Return the document of a state, with everything in it."""
    return {
        "format": FORMAT,
        "last_instance_id": state.last_instance_id,
        "accounts": [{"id": number, "name": name} for number, name in state.accounts.items()],
        "servers": [
            {"id": number, "name": server.name, "memory": server.memory} for number, server in state.servers.items()
        ],
        "instances": list(state.instances),
    }


def part_of(state: State, account: str) -> State:
    """Return what a state has of one account: its instances, and the servers that they are on."""
    accounts = {number: name for number, name in state.accounts.items() if name == account}
    instances = tuple(record for record in state.instances if record["user_id"] in accounts)
    used = {record["server_id"] for record in instances}
    servers = {number: server for number, server in state.servers.items() if number in used}
    return State(instances, servers, accounts, state.last_instance_id)


def given_ports(document: Mapping[str, Any]) -> set[int]:
    """Return the ports that a document, which ``parse_state`` takes, gives to instances by itself."""
    rows = [row.get("instance", row) for row in document.get("instances", [])]
    return {int(row["port"]) for row in rows if row.get("port") is not None}


def parse_state(document: object, config: Config, randomness: Randomness, now: datetime) -> State:
    """Return the state that a document describes. Raises Invalid with one message for each mistake."""
    parser = _StateParser(config, randomness, now)
    parser.parse(document)
    parser.mistakes.refuse()
    state = parser.state()
    # Whatever else would lock out the file at the next start.
    validation.refuse(problems(state))
    return state


@dataclass
class _StateParser:
    """Builds a state from a document, and collects the document's mistakes."""

    config: Config
    randomness: Randomness
    now: datetime
    mistakes: validation.Mistakes = field(default_factory=validation.Mistakes)
    last_instance_id: int = 0
    lists_servers: bool = True
    accounts: dict[int, str] = field(default_factory=dict)
    servers: dict[int, Server] = field(default_factory=dict)
    instances: dict[int, Record] = field(default_factory=dict)

    def state(self) -> State:
        # At least the highest id in use, since an id is never given twice.
        last = max(self.last_instance_id, *self.instances, 0)
        return State(tuple(self.instances.values()), self.servers, self.accounts, last)

    def parse(self, document: object) -> None:
        if not isinstance(document, dict):
            self.mistakes.add('The state must be a JSON object, as {"instances": [{"plan": "nano"}]}')
            return
        self._refuse_unknown("", document, _TOP_LEVEL_NAMES)
        if document.get("format", FORMAT) != FORMAT:
            self.mistakes.add(f"format is {quoted(document['format'])}; accepted is {FORMAT}")
        self.last_instance_id = self._parse(
            "last_instance_id", Integer(0, MAX_GIVEN_ID).parse, document.get("last_instance_id", 0), 0
        )
        self.accounts = self._parse_named(document, "accounts", lambda _, row: str(row["name"]))
        self.servers = self._parse_named(document, "servers", self._server)
        self.lists_servers = "servers" in document
        room = Room(self.servers, self.config.server_memory, self.randomness)
        # The configured accounts are in every state: a request of one never finds that it is gone.
        self._add_accounts(account.name for account in self.config.initial_accounts)
        self._parse_instances(self._rows(document, "instances"), room)
        if not self.lists_servers:  # the API's answers have the servers' ids only, and they can be pasted
            for server_id in {record["server_id"] for record in self.instances.values()} - set(self.servers):
                room.add_server(server_id)

    def _add_accounts(self, names: Iterable[str]) -> None:
        known = {*self.accounts.values()}
        new = (name for name in dict.fromkeys(names) if name not in known and not name_problem(name))
        self.accounts |= dict(enumerate(new, max(self.accounts, default=0) + 1))

    def _owner(self, user_id: int) -> int:
        """Return whose instances may be on a server with this account's: its own only, where every name is one."""
        return user_id if self.config.admits_any else 0

    def _rows(self, document: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the objects of a list, each with its place for messages; a bare string is the name of an object."""
        rows = document.get(name, [])
        if not isinstance(rows, list):
            self.mistakes.add(f"{name} must be an array")
            return []
        objects = []
        for index, row in enumerate(rows):
            row_object = {"name": row} if isinstance(row, str) else row
            if isinstance(row_object, dict):
                objects.append((f"{name}[{index}]", row_object))
            else:
                self.mistakes.add(f"{name}[{index}] must be an object")
        return objects

    def _parse_named(
        self, document: Mapping[str, Any], name: str, build: Callable[[str, dict[str, Any]], T]
    ) -> dict[int, T]:
        """Return the servers or the accounts of a document by id."""
        by_id: dict[int, T] = {}
        rows = self._rows(document, name)
        if twice := _found_twice(row["name"] for _, row in rows if Text().is_valid(row.get("name"))):
            self.mistakes.add(*(f"{name}: two are called {one}" for one in twice))
            self.mistakes.refuse()
        known = ("id", "name", "memory") if name == "servers" else ("id", "name")
        for where, row in rows:
            self._refuse_unknown(f"{where}: ", row, known)
            self._parse(f"{where}: name", Text().parse, row.get("name", ""), "")
            number = self._parse(f"{where}: id", Integer(1, MAX_GIVEN_ID).parse, row.get("id", len(by_id) + 1), 0)
            if number in by_id:
                self.mistakes.add(f"{where}: id {number} is another's")
            elif "name" in row:
                by_id[number] = build(where, row)
        return by_id

    def _server(self, where: str, row: dict[str, Any]) -> Server:
        memory = row.get("memory")
        if _MAX_SERVER_NAME < len(str(row["name"])) <= MAX_LENGTH:  # a longer one is refused already
            self.mistakes.add(f"{where}: name is too long (maximum is {_MAX_SERVER_NAME} characters)")
        return Server(str(row["name"]), None if memory is None else self._parse(f"{where}: memory", _size, memory, 1))

    def _parse_instances(self, rows: list[tuple[str, dict[str, Any]]], room: Room) -> None:
        # Each row may stand under "instance", as in the API's answers.
        parsed = [(where, self._attributes(where, row.get("instance", row))) for where, row in rows]
        if self.mistakes:
            return
        if twice := _found_twice(values["port"] for _, values in parsed if "port" in values):
            self.mistakes.add(*(f"two instances have the port {port}" for port in twice))
            return
        # What the rows give is kept free for them, also from rows that stand before them.
        taken_ids = {values["id"] for _, values in parsed if "id" in values}
        free_ids = (number for number in range(1, len(parsed) + len(taken_ids) + 1) if number not in taken_ids)
        taken_ports = {values["port"] for _, values in parsed if "port" in values}
        free_ports = iter([port for port in self.config.ports if port not in taken_ports])
        if self.config.admits_any:
            self._add_accounts(values["account"] for _, values in parsed if isinstance(values.get("account"), str))
        account_ids = ids_by_name(self.accounts)
        for where, values in parsed:
            instance_id = values["id"] if "id" in values else next(free_ids)
            port = values["port"] if "port" in values else next(free_ports, None)
            if instance_id in self.instances:
                self.mistakes.add(f"{where}: id {instance_id} is another's")
            elif instance_id > MAX_GIVEN_ID:
                self.mistakes.add(f"{where}: id must be less than or equal to {MAX_GIVEN_ID}")
            elif port is None:
                self.mistakes.add(f"{where}: no port is left in {self.config.ports[0]}-{self.config.ports[-1]}")
            else:
                record = self._complete(where, values | {"id": instance_id, "port": port}, account_ids, room)
                self.instances[instance_id] = record
                room.take(record["server_id"], record["memory"], self._owner(record["user_id"]))
                self._check(record)

    def _attributes(self, where: str, row: object) -> Record:
        """Return the values that the document has of one instance, parsed by the attribute table."""
        if not isinstance(row, dict):
            self.mistakes.add(f"{where} must be an object")
            return {}
        self._refuse_unknown(f"{where}: ", row, _INSTANCE_NAMES)
        if row.get("plan") is None:
            self.mistakes.add(f"{where}: plan can't be blank: it is one of {', '.join(PLANS)}")
        values = {
            name: self._parse(f"{where}: {name}", attributes.BY_NAME[name].parse, row[name], None)
            for name in attributes.STORED_NAMES
            if name in row
        }
        return values | {name: row[name] for name in _EXTRA_NAMES if name in row}

    def _complete(self, where: str, values: Record, account_ids: Mapping[str, int], room: Room) -> Record:
        """Return the record of an instance: the document's values, and for the others those of a new instance."""
        plan, instance_id = PLANS[values["plan"]], values["id"]
        account, server = values.pop("account", None), values.pop("server", None)
        user_id = values.get("user_id") or self._id_of(where, "account", account, account_ids)
        server_id = values.get("server_id") or (
            room.find(int(values.get("memory", plan.memory)), self._owner(user_id))
            if server is None
            else self._id_of(where, "server", server, room.ids)
        )
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

    def _check(self, record: Record) -> None:
        """Find at once what else a check of the whole state would find: of many instances, all may be wrong."""
        if record["server_id"] and record["user_id"]:  # 0 after a mistake
            servers = self.servers if self.lists_servers else {record["server_id"]}
            known: dict[str, Container[int]] = {SERVERS: servers, ACCOUNTS: self.accounts}
            for problem in (*boot_problems(record), *reference_problems(record, known)):
                self.mistakes.add(f"instance {record['id']}: {problem}")

    def _id_of(self, where: str, kind: str, name: object, known: Mapping[str, int]) -> int:
        """Return the id of the server or account of that name; the first one's id without a name."""
        if name is None and known:
            return next(iter(known.values()))
        if isinstance(name, str) and name in known:
            return known[name]
        problem = f"{kind} is missing" if name is None else f"{kind} {printable(str(name))} is not known"
        choice = f"accepted are {listed(known)}" if known else f'the state has none: list it under "{kind}s"'
        self.mistakes.add(f"{where}: {problem}; {choice}")
        return 0

    def _refuse_unknown(self, where: str, row: Mapping[str, Any], known: Collection[str]) -> None:
        for name in row:
            if name not in known:
                self.mistakes.add(where + validation.unknown_name(name, known))

    def _parse(self, where: str, parse: Callable[[Any], Any], raw: object, otherwise: Any) -> Any:
        """Return the parsed value, or ``otherwise`` after a mistake, so that further mistakes are found."""
        try:
            return parse(raw)
        except InvalidValue as error:
            self.mistakes.add(f"{where} {error}")
        return otherwise


def _found_twice(values: Iterable[T]) -> list[T]:
    """Return those of the values that are there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def _size(raw: object) -> int:
    try:
        return parse_size(str(raw))
    except ValueError as error:
        raise InvalidValue(f"is not a size: {error}") from error
